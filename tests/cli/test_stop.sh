#!/usr/bin/env bash
# A signal ends every command in the same way: exit status 128 + its number, and what was done is kept.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

# stopped SIGNAL ARGUMENTS...: the signal comes while the program waits for the rows of the fifo `pipe`, which nobody
# may read any more by the time that they are written.
stopped() {
    local signal=$1
    shift
    "$RLHF" "$@" >out 2>err </dev/null &
    local process=$!
    exec 9>pipe
    kill -s "$signal" $process
    (trap '' PIPE && printf '{"prompt":"%s"}\n' one two three >&9) 2>/dev/null
    exec 9>&-
    wait $process
    status=$?
}

must init .
mkfifo pipe
printf '{"prompt":"%s"}\n' four five six >later.jsonl

# ---- import ----
stopped INT import later.jsonl pipe later.jsonl --strict
exits 130 "a strict import stopped by Ctrl-C"
says "pipe: stopped; nothing was imported"
must export prompts
prints four
[ "$(wc -l <out)" -eq 3 ] || fail "what was imported before stays, of the stopped file nothing: $(cat out)"

rm rlhf.db* && must init .
stopped INT import pipe later.jsonl
exits 130 "an import stopped by Ctrl-C"
says_like '^stopped in pipe( after line 1)?; the same command goes on: rows that are there' "it says where, and how to go on"
must export prompts
grep -qE 'two|four' out && fail "no other row is taken, of later files neither: $(cat out)"

stopped TERM --json import pipe later.jsonl
exits 143 "an import stopped by TERM"
prints_like '^\{"files":\[\{"file":"pipe",[^{}]*\}\]\}$' "--json tells of what was read"

# ---- compare ----
printf '{"text":"%s"}\n' "one two three" "four five six" >corpus.jsonl
for seed in 1 2; do
    must pretrain corpus.jsonl --config "$SOURCE_DIR/configs/tiny.json" --seed $seed --set pretrain.steps=1 \
        --set model.vocabulary=258
done
seq 2000 | sed 's/.*/{"prompt":"lamp & is broken"}/' >many.jsonl
must import many.jsonl --split test
"$RLHF" compare pretrain-1 pretrain-2 --rule longer --best-of 0 --n 2000 --max-new-tokens 32 --batch 1 >out 2>err </dev/null &
process=$!
for _ in $(seq 400); do
    grep -q '^aligned:' err && break
    sleep 0.02
done
sleep 0.1
kill -s INT $process
wait $process
status=$?
exits 130 "a comparison stopped by Ctrl-C"
says_like 'stopped after [0-9]+ of [0-9]+ responses' "it says how far it came"
[ $failed -eq 0 ]

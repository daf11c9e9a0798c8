#!/usr/bin/env bash
# Text from a model that has learned nothing, so that it breaks off in the middle of characters: what is
# printed token by token, what is printed as a whole and what --json gives are the same.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

printf '{"text":"%s"}\n' "one two three" "four five six" >corpus.jsonl
must init .
must pretrain corpus.jsonl --config "$SOURCE_DIR/configs/tiny.json" --set pretrain.steps=1 \
    --set model.vocabulary=258 --set pretrain.learning_rate=0

# ---- streamed, whole and --json ----
cut_short=0
for seed in $(seq 20); do
    must generate --prompt one --max-new-tokens 6 --seed "$seed"
    cp out streamed
    must generate --prompt one --max-new-tokens 6 --seed "$seed" --json
    # The stop token, 0, is no text.
    ids=$(sed 's/.*"ids":\[\([^]]*\)\].*/\1/; s/,\{0,1\}\b0$//' out)
    text=$(sed 's/^{"responses":\[\({"text":".*"\),"ids":.*/\1}/' out)
    echo "$ids" >ids
    input=ids
    must tokenize --decode --json
    [ "$(cat out)" = "$text" ] || fail "seed $seed: --json gives the text of its ids: $text"
    must tokenize --decode
    input=/dev/null
    echo >>out
    cmp -s out streamed || fail "seed $seed: the text that is streamed is that of --json: $(od -An -c streamed)"
    [ "$(tail -c 4 streamed | od -An -tx1)" != " ef bf bd 0a" ] || cut_short=$((cut_short + 1))
    must generate --prompt one --max-new-tokens 6 --seed "$seed" --n 2
    head -c "$(wc -c <streamed)" out | cmp -s - streamed || fail "seed $seed: one of two is as one alone"
done
[ "$cut_short" -ge 3 ] || fail "some answers break off within a character: $cut_short of 20"

# ---- equal answers counted ----
# Without learning they are all but even over 258 tokens, so of 60 one token long many are equal, and all are cut.
must generate --prompt one --max-new-tokens 1 --n 60 --json
# An id stands for one text here, but white space and what is no text by itself.
grep -o '{"text":"[^"]*","ids":\[[0-9]*\]' out | sed 's/.*"text":"//; s/","ids.*//' | grep '^[a-z0-9]$' | sort | uniq -c |
    awk '{ print $1, $2 }' | sort >expected
must generate --prompt one --max-new-tokens 1 --n 60 --count --json
prints_like '^\{"answers":60,"different":[0-9]+,"counts":\[\{"text":"[^"]*","finish_reason":"(length|stop)","count":[0-9]+\},' "counts as JSON"
grep -o '{"text":"[^"]*","finish_reason":"length","count":[0-9]*}' out |
    sed -n 's/{"text":"\([a-z0-9]\)",.*"count":\([0-9]*\)}/\2 \1/p' | sort >counted
cmp -s expected counted || fail "each is counted: $(cat expected counted)"
[ -s counted ] || fail "some answers are letters"
grep -o '"count":[0-9]*' out | cut -d: -f2 | sort -rnc || fail "the most frequent first"
[ "$(grep -o '"count":[0-9]*' out | awk -F: '{ sum += $2 } END { print sum }')" -eq 60 ] || fail "all of them are counted"
[ "$(grep -o '"count":' out | wc -l)" -eq "$(sed 's/.*"different":\([0-9]*\).*/\1/' out)" ] || fail "different ones"
must generate --prompt one --max-new-tokens 3 --n 7 --greedy --count
prints_like '^ {5}7 100\.0%  .*\[cut\]$' "seven times the likeliest"
prints "7 answers, 1 different; 7 cut"
refused 2 "--count goes with --n" generate --prompt one --count

# ---- a terminal is shown nothing that it would obey ----
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    for n in 1 3; do
        TERM=xterm script -qec "'$RLHF' generate --prompt one --max-new-tokens 60 --n $n" typed >/dev/null 2>&1 </dev/null
        sed '1d;$d' typed | tr -d '\r' >seen # without the lines of script itself
        [ "$(LC_ALL=C tr -d '\n -\377' <seen | wc -c)" -eq 0 ] || fail "control characters on a terminal: $(od -c seen)"
        grep -q '<U+00' seen || fail "they are spelled out: $(cat seen)"
        grep -q '\[cut after 60 tokens\]' seen || fail "an answer that was cut says so: $(cat seen)"
    done
    for i in 1 2 3; do
        [ "$(grep -cx -- "--- $i of 3 ---" seen)" -eq 1 ] || fail "answer $i of 3 is told apart: $(cat seen)"
    done
    must generate --prompt one --max-new-tokens 60
    [ "$(LC_ALL=C tr -d '\n -\377' <out | wc -c)" -gt 0 ] || fail "a pipe gets the bytes as they are"
else
    echo "skipped: script(1) cannot make a terminal here"
fi

# ---- prompts that are no text ----
input=prompt
printf 'one\000two' >prompt
refused 1 "the prompt: byte 4 is NUL" generate
printf 'one\377two' >prompt
refused 1 "the prompt: byte 4 is not UTF-8" generate
printf '' >prompt
refused 2 "no prompt: give --prompt TEXT, or one on standard input" generate
printf 'one\n' >prompt
must generate --max-new-tokens 2
# ---- Ctrl-C and TERM end it ----
"$RLHF" generate --prompt one --n 100000 >out 2>err </dev/null &
program=$!
sleep 0.3
kill -TERM $program
wait $program
status=$?
exits 143 "generate that is told to end"
must generate --prompt one --max-new-tokens 100000
says "an answer ends where the context of 64 does"

[ $failed -eq 0 ]

#!/usr/bin/env bash
# rlhf loop --detach: rounds without a terminal, seen and ended from another one.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
trap '"$RLHF" loop --stop >/dev/null 2>&1; rm -rf "$folder"' EXIT
until_says() { # PATTERN FILE: within a minute
    for _ in $(seq 1200); do
        grep -qE -- "$1" "$2" 2>/dev/null && return
        sleep 0.05
    done
    fail "$2 says: $1: $(tail -n 5 "$2" loop/output.log)"
}

sentences
prompts 0 49 >train.jsonl
prompts 50 63 >valid.jsonl
must init project
cd project || exit 1
must import ../train.jsonl --split train
must import ../valid.jsonl --split valid
refused 1 "no base model yet" loop --detach
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=20
refused 1 "no loop is at work in this project" loop --stop
refused 2 "--back, --status, --stop, --give-up and --dry-run: which one?" loop --stop --status

# ---- it waits for people by itself ----
must loop --config "$tiny" --pairs 64 --max-new-tokens 8 --when 3 --detach
prints "loop goes on by itself; what it says: $PWD/loop/output.log"
prints "watch it: rlhf loop --status, rlhf watch   save and end it: rlhf loop --stop"
until_says '^waiting for labels: 0 of 3 are there' loop/output.log
must loop --status
prints "a process waits for people in round 1: 0 of 3 new labels, "
must status
prints_like "^next: rlhf loop --status +# rlhf loop is at work: round 1 is at label" "a loop at work is looked at"
refused 1 "no run is running" stop
says "the loop is at work; end it: rlhf loop --stop"
run loop
exits 1 "two at once"
must loop --stop
says "asked to stop; what is done is kept"
prints "round 1 waits for people: 0 of 3 new labels"
refused 1 "no loop is at work in this project" loop --stop
must status
prints "next: rlhf loop "

# ---- a run of its own that is stopped ends it, and it knows how to go on ----
must loop --judge longer --detach --set ppo.iterations=1000000 --set ppo.eval_every=0 --set ppo.show_every=0 --set ppo.save_every=1000000
until_says '"step":1,' runs/round-1-ppo/metrics.jsonl
must stop round-1-ppo
prints_like '^round-1-ppo stopped and is saved, [0-9,]+ steps?, and with it the loop; go on with: rlhf loop$' "who goes on with it"
until_says '^stopped in step ppo of round 1; what is done is kept' loop/output.log
grep -q -- '--resume --run' loop/output.log && fail "a run of the loop is not to be resumed by itself"
must loop --set ppo.iterations=1 --restart --rounds 1 --max-new-tokens 8
prints "1 round done; one more: rlhf loop --rounds 2"
[ $failed -eq 0 ]

#!/usr/bin/env bash
# Files that are not JSON lines: text, tables, objects of several lines; and a pipe that nobody writes to.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
must init project
cd project || exit 1

# ---- text ----
printf 'Why is the sky blue?\n\nWrite a poem, please.\r\n' >'my prompts.txt'
refused 1 "no row could be taken of 2 (first: line 1: not JSON" import 'my prompts.txt'
says "to take each line as a prompt: rlhf import --lines 'my prompts.txt'"
must import --lines 'my prompts.txt' --kind prompts --split train
prints "my prompts.txt: 2 rows taken"
says 'prompt     "Write a poem, please."'
refused 2 "--lines takes prompts alone" import --lines 'my prompts.txt' --kind preferences
refused 2 "--lines takes prompts alone" import --lines 'my prompts.txt' --layout hh
run import --strict 'my prompts.txt'
says "rlhf import --lines 'my prompts.txt'"

# ---- what is no text is no place for --lines ----
printf '\177ELF\002\000\000more\n' >program
refused 1 "no row could be taken" import program
says "it is neither text nor gzip"
! grep -q -- "--lines\|pretrain" err || fail "a program is no text: $(cat err)"
printf 'Why?\n' >question
input=question run import -
says "rlhf import --lines -; to train a base on it: rlhf pretrain FILE"

# ---- a table: what it says to do does it ----
printf 'prompt;chosen;rejected\r\n"Why; and ""how""?"; yes; no\r\n' >pairs.csv
refused 1 "no row could be taken of 2" import pairs.csv
says "a table?"
if command -v python3 >/dev/null; then
    sed -n 's/.*first line: \(python3 .*\) | rlhf import.*/\1/p' err >command
    sh command >pairs.jsonl || fail "the command runs"
    must import pairs.jsonl
    says 'prompt     "Why; and \"how\"?"'
    says 'rejected   " no"'
fi

# ---- objects of several lines ----
printf '{\n  "prompt": "one"\n}\n{\n  "prompt": "two"\n}\n' >objects.json
must import objects.json
prints "objects.json: 2 rows taken"
refused 1 "it begins with JSON, and --lines takes text" import --lines objects.json

# ---- one signal ends the wait for a pipe ----
mkfifo pipe
(
    : >opened # once somebody reads
    exec sleep 600
) >pipe &
writer=$!
"$RLHF" import pipe >out 2>err </dev/null &
process=$!
while [ ! -e opened ] && kill -0 $process 2>/dev/null; do sleep 0.02; done
kill -TERM $process
for _ in $(seq 600); do
    kill -0 $process 2>/dev/null || break
    sleep 0.1
done
kill -KILL $process 2>/dev/null && fail "the first TERM ends an import that waits"
wait $process
status=$?
exits 143 "an import that waits, and is stopped,"
says "stopped in pipe; the same command goes on"
kill $writer
[ $failed -eq 0 ]

#!/usr/bin/env bash
# A text that must go: nothing finds it any more, and every hash still holds.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
"$fixture" make . 3 || exit 1
"$fixture" say . ada 1 a 1000
"$fixture" say . ada 2 b 1000
mkdir -p runs/ppo-1 && printf '{"prompt":"prompt 1","answer":"x"}\n' >runs/ppo-1/answers.jsonl

must redact prompt --find "prompt 1"
[ "$(cat out)" = '       1  "prompt 1"' ] || fail "prompts are found by what they hold: $(cat out)"
must redact prompt 1
prints "prompt 1 would be redacted; 2 answer texts stay as they are (--answers)"
prints "exports, reports and backups that were made since may hold it"
prints "runs/ppo-1/answers.jsonl holds it; delete the file or the line"
says "nothing was changed; to do it, once and for all: --yes"
grep -q 'prompt 1' rlhf.db || fail "and nothing was"

must redact prompt 1 --answers --why "a phone number" --as eve --yes
prints "prompt 1 is redacted, with 2 answer texts"
grep -q 'prompt 1\|answer one of 1\|answer two of 1' rlhf.db* && fail "no byte of it is left in the database"
must verify
prints "2 labels in an unbroken chain"
must export prompts
[ "$(wc -l <out)" -eq 2 ] || fail "it is no prompt any more: $(cat out)"
must export preferences
[ "$(wc -l <out)" -eq 1 ] || fail "its label teaches nothing: $(cat out)"
must export labels
prints '"prompt": "[redacted]", "a": "[redacted]", "b": "[redacted]"}'
printf 'a\na\na\n' >keys
input=keys
run label --line --as ben
input=/dev/null
prints "1 pair labeled as ben" # prompt 3; ada has 2
printf '{"prompt":"prompt 1"}\n' >again.jsonl
must import again.jsonl
must export prompts
[ "$(wc -l <out)" -eq 2 ] || fail "an import does not bring it back"

refused 1 "prompt 1 is redacted already" redact prompt 1 --yes
refused 1 "there is no prompt 99" redact prompt 99
refused 2 "'x' is no number of a prompt" redact prompt x
refused 2 "which prompt? its number, or --find TEXT" redact prompt
[ "$failed" -eq 0 ]

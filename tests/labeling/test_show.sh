#!/usr/bin/env bash
# rlhf show label, pair and prompt: what is known, with its history; and that what was changed is told.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
export COLUMNS=120
"$fixture" make . 3 || exit 1

# ---- a pair that two people and a rule have judged, one of them twice ----
"$fixture" say . ada 1 a 52100
printf '%s\n' '{"pair":1,"choice":"tie","order":"ba","comment":"much\u0020the same\u202e","confidence":7}' >again.jsonl
must label --batch --as ada --replace again.jsonl
"$fixture" say . ben 1 b 4000
"$fixture" say . ben 2 skip 1000
must judge --rule longer
must show pair 1
prints "pair 1: two answers to prompt 1"
prints_like '^  prompt +prompt 1$' "the prompt"
prints_like '^  a +answer one of 1$' "one answer"
prints_like '^  b +answer two of 1, which is longer$' "the other"
prints_like '^ +by base: base, none$' "what made it"
prints_like '^  label 1 +ada: a is better \(.*, 52\.1 s, [ab] first\); replaced by label 2$' "what was replaced stays on record"
prints_like '^  label 2 +ada: tie \(' "and what took its place"
prints 'comment: much the same<U+202E>'
prints_like '^  label 3 +ben: b is better \(' "another person's"
prints_like '^  label 5 +rule:longer: b is better \([0-9: -]+\)$' "a rule's"
prints_like '^  people say +a 0, b 1, neither 1$' "only what stands counts, and only people"
must show pair 1 --json
prints '"votes":{"a":0,"b":1,"tie":1,"undecided":0},"settled_by":null,"expected":null,"held_by":null}'
prints '"label":1,"pair":1,"annotator":"ada","kind":"human","role":"annotator","stands":false,"op":"set","outcome":"pref","pref":-1,"supersedes":null,"superseded_by":2,'
must show pair 3
prints_like '^  label 7 +rule:longer: ' "of a pair that nobody else has judged"
must show pair 3 --json
prints '"votes":{"a":0,"b":0,"tie":0,"undecided":0}'

# ---- a label ----
must show label 2
prints "label 2: ada says: tie"
prints_like '^  stands +yes$' "it stands"
prints_like '^  follows +label 1 of the same annotator$' "what it replaced"
prints_like '^  confidence +7 of 9$' "how sure"
prints_like '^  annotator +ada, a person$' "who"
prints_like '^  session +[0-9]+, batch, program ' "where"
prints_like '^  chain +2 of 7 labels, SHA-256' "its place"
prints_like '^ +after label 1, [0-9a-f]{64}$' "the one before"
prints "computed anew: as it was given, and so is what it was given to"
must show label 1
prints_like '^  stands +no: label 2 came after it$' "what was replaced"
must show label 1 --json
prints '"chain":{"place":1,"of":7,"after":null,"sound":true},"campaign":"default","prompt_id":1,"prompt":"prompt 1","a":"answer one of 1"'
printf 'u\nq\n' >keys
input=keys
must label --line --as ben
input=/dev/null
must show label 8
prints "label 8: ben says: took label 4 back"
prints_like '^  stands +nothing: label 4 was taken back$' "a retraction"

# ---- a prompt, whole and redacted ----
must show prompt 1
prints "prompt 1: of the train split, from test"
prints_like '^  text +prompt 1$' "its text"
prints_like '^  pair 1 +of campaign default, 4 labels, of which 3 stand$' "its pairs"
must show prompt 1 --json
prints '"split":"train","template":null,'
prints '"redacted":null,"pairs":[{"pair":1,"campaign":"default","labels":4,"standing":3}]}'
must redact prompt 2 --yes --as ada --why "a phone number"
must show prompt 2
prints_like '^  redacted +.*, by ada, since: a phone number: its text was taken out for good$' "who redacted it and why"
prints_like '^  text +\[redacted\]$' "a tombstone"
must show label 4
prints "computed anew: as it was given"
must show prompt 2 --json
prints '"redacted":{"by":"ada","why":"a phone number","at_us":'

# ---- nothing there, wrong use ----
refused 1 "there is no label 99 here" show label 99
refused 1 "there is no pair 99 here" show pair 99
refused 1 "there is no prompt 99 here" show prompt 99
refused 2 "'x' is no number of a pair" show pair x
refused 2 "'0' is no number of a label" show label 0
refused 2 "a second word is missing, one of: label, pair, prompt, run" show
refused 2 "unknown command 'labl'; did you mean: label" show labl 1

# ---- hostile text is shown, and sent to no terminal ----
mkdir text && "$fixture" text text || exit 1
must show pair 1 --project text
prints '<U+001B>[31mis'
LC_ALL=C grep -q "$(printf '\033')" out && fail "an escape reached the terminal"

# ---- what was changed behind the program's back ----
if command -v sqlite3 >/dev/null; then
    sqlite3 rlhf.db "DROP TRIGGER label_no_update; UPDATE label SET comment='no' WHERE id=3" || exit 1
    run show label 3
    exits 1 "a label that was changed"
    prints "computed anew: NOT as it was given"
    says "label 3 was changed after it was given"
    must show label 1
fi
[ $failed -eq 0 ]

#!/usr/bin/env bash
# What people differ on is settled by a reviewer, who sees their labels afterwards.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
"$fixture" make . 5 || exit 1
say() { "$fixture" say . "$@" 1000 || exit 1; } # WHO PAIR CHOICE
review() { # TYPED ARGUMENTS...
    printf "$1" >typed
    input=typed
    shift
    run label --review disagree "$@"
    input=/dev/null
}
# 1: the same side; 2: other sides; 3: a tie against a side; 4: a skip against a side; 5: one label alone.
say ada 1 a; say ben 1 a
say ada 2 a; say ben 2 b
say ada 3 tie; say ben 3 b
say ada 4 skip; say ben 4 b
say ada 5 a
must annotators add cy
must export preferences
[ "$(wc -l <out)" -eq 7 ] || fail "seven choices to learn from: $(wc -l <out)"

review 'n because of the tone\na\nu\nn because of the tone\nb\nq\n' --as cy
exits 0 "a review"
prints "Pair 2; 2 to settle"
grep -q 'Pair 1\|Pair 4\|Pair 5' out && fail "what nobody differs on is not asked"
prints "saved: A is better"
prints "taken back"
prints_like '^  ada: (A|B) is better$' "what ada said comes afterwards"
[ "$(grep -n 'saved: A' out | cut -d: -f1)" -lt "$(grep -n '  ada:' out | head -n 1 | cut -d: -f1)" ] || fail "and not before"
prints "1 pair settled by cy, 1 left"
must export labels
grep '"role": "reviewer"' out | grep -q '"annotator": "cy".*"op": "set".*"comment": "because of the tone".*"role": "reviewer"' || fail "it is a reviewer's label: $(cat out)"
must export preferences
[ "$(wc -l <out)" -eq 6 ] || fail "the verdict stands for the two: $(wc -l <out)"

# Skipped is left for another time; the last one can be taken back too.
review 's\n' --as cy
prints "left for another time"
prints "0 pairs settled by cy, 1 left"
review 't\nu\n0\n\n' --as cy --json
says "Nothing is left to settle; u takes the last one back, Enter ends:"
prints '{"reviewer":"cy","settled":1,"skipped":0,"left":0,"elsewhere":{}}'
review '' --as cy
prints "0 pairs settled by cy, 0 left"
says "nothing to settle: no pair is open that two people have labeled and differ on"
must campaign new apart
review '' --as cy --campaign apart
says "each pair goes to one person; to two: rlhf campaign edit apart --overlap 2"
# What other campaigns have is named.
must campaign new crowd
"$fixture" pairs . crowd || fail "pairs of another campaign"
say ada 7 a; say ben 7 b
review '' --as cy
prints "0 pairs settled by cy, 0 left"
prints "1 left in campaign crowd: rlhf label --review disagree --campaign crowd --as cy"
review '' --as cy --json
prints '"left":0,"elsewhere":{"crowd":1}}'
review '' --as cy --campaign crowd
prints "0 pairs settled by cy, 1 left"
! grep -q "in campaign" out || fail "those of the campaign itself are not named twice: $(cat out)"
refused 2 "--review: 'gold' is nothing to review; disagree" label --review gold
must verify

# A reviewer takes no pair away from annotators, and u in rlhf label leaves verdicts alone.
must campaign edit default --overlap 3
printf 'u\nq\n' >typed
input=typed
run label --line --as cy
input=/dev/null
prints "Nothing to take back"
printf 'a\n' >typed
input=typed
run label --line --as dora
input=/dev/null
exits 1 "dora has to be added first"
must annotators add dora
printf 'a\na\na\na\na\na\n' >typed
input=typed
run label --line --as dora
input=/dev/null
prints "5 pairs labeled as dora"
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# Labels made elsewhere: the pairs that rlhf label --list hands out, and the lines that --batch takes back.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
"$fixture" make . 6 || exit 1
labels() { "$fixture" labels .; }

# ---- what is handed out comes back ----
must label --list --as ada --limit 5
says '5 of 6 pairs for ada; fill in "choice", then: rlhf label --batch --as ada < FILE'
cp out pairs.jsonl
[ "$(wc -l <pairs.jsonl)" -eq 5 ] || fail "a line for each pair"
{
    sed -n 1p pairs.jsonl | sed 's/null/"first"/'
    sed -n 2p pairs.jsonl | sed 's/null/"second"/'
    sed -n 3p pairs.jsonl | sed 's/null/"tie", "comment": "much the same"/'
    sed -n 4p pairs.jsonl | sed 's/null/"skip", "reasons": ["long"]/'
    sed -n 5p pairs.jsonl
} >answers.jsonl
first=$(sed -n 's/.*"first": "\([^"]*\)".*/\1/p' answers.jsonl | sed -n 1p)
second=$(sed -n 's/.*"second": "\([^"]*\)".*/\1/p' answers.jsonl | sed -n 2p)
input=answers.jsonl
must label --batch --as ada
[ "$(cat out)" = "standard input: 4 labels saved as ada, 1 without a choice" ] || fail "what was saved is told"
[ "$(labels)" = "1 human ada $first
2 human ada $second
3 human ada (tie)" ] || fail "a side is the one that the line has there: $(labels)"
must label --batch --as ada
prints "standard input: 0 labels saved as ada, 4 there already, 1 without a choice"
input=/dev/null
must export labels
[ "$(wc -l <out)" -eq 4 ] || fail "the same lines add nothing"
prints '"comment": "much the same"'
prints '"reasons": "long"'
must label --list --as ada
[ "$(grep -o '"pair": [0-9]*' out | tr '\n' ' ')" = '"pair": 5 "pair": 6 ' ] || fail "what is decided is handed out no more"
must verify
prints "4 labels in an unbroken chain"

# ---- a terminal is not flooded, a file gets all ----
mkdir many && "$fixture" make many 30 || exit 1
must label --list --as ada --project many
[ "$(wc -l <out)" -eq 30 ] || fail "a file gets all pairs"
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    script -qec "'$RLHF' label --list --as ada --project many" seen >/dev/null 2>&1 </dev/null
    [ "$(grep -c '{"pair"' seen)" -eq 20 ] || fail "a terminal gets twenty: $(grep -c '{"pair"' seen)"
    grep -q '20 of 30 pairs for ada' seen || fail "and is told how many there are: $(tail -n 2 seen)"
    grep -q 'all of them: rlhf label --list > FILE' seen || fail "and how to get them"
fi

# ---- bad lines ----
printf '%s\n' '{"pair":5,"choice":"a"}' '{"pair":55,"choice":"a"}' 'nonsense' '{"pair":1,"choice":"tie"}' >mixed.jsonl
refused 1 "mixed.jsonl: 3 of 4 rows refused; --strict: nothing was saved" label --batch --as ada --strict mixed.jsonl
[ "$(labels | wc -l)" -eq 3 ] || fail "--strict is all or nothing"
run label --batch --as ada --rejects rejects.jsonl mixed.jsonl
exits 1 "a batch with refused lines"
says "mixed.jsonl: 3 of 4 rows refused, the others are saved; line 2: there is no pair 55"
prints "mixed.jsonl: 1 label saved as ada, 3 refused"
says "mixed.jsonl: line 2: there is no pair 55"
says "mixed.jsonl: line 3: not JSON"
says "mixed.jsonl: line 4: pair 1: ada has said otherwise (label 1); --replace takes the row instead"
[ "$(cat rejects.jsonl)" = "$(sed 1d mixed.jsonl)" ] || fail "the refused lines as they came"
run label --batch --as ada --replace --json --quiet mixed.jsonl
exits 1 "with --json, too"
says "2 of 4 rows refused, the others are saved; line 2: there is no pair 55"
prints '{"annotator":"ada","labeled":1,"there":1,"open":0,"refused":2,"refusals":[{"line":2,"reason":"there is no pair 55"},{"line":3,"reason":"not JSON'
labels | grep -q '^1 human ada (tie)$' || fail "--replace takes the row instead"
sed -n 2,3p mixed.jsonl >bad.jsonl
refused 1 "bad.jsonl: no row of 2 could be taken; line 1: there is no pair 55" label --batch --as ada --rejects none-of-them.jsonl bad.jsonl
cmp -s bad.jsonl none-of-them.jsonl || fail "where all are refused, --rejects has all"
must label --batch --as ada
prints "standard input: 0 labels saved as ada"
refused 2 "--rejects mixed.jsonl is what is read; name another file" label --batch --rejects mixed.jsonl mixed.jsonl
refused 1 "none.jsonl: No such file" label --batch none.jsonl

# ---- a scale, another person ----
must campaign new graded --scale 3 --no-tie
"$fixture" pairs . graded || exit 1
printf '%s\n' '{"pair":7,"choice":"b"}' '{"pair":8,"choice":"b","strength":2}' '{"pair":9,"choice":"tie"}' '{"pair":1,"choice":"a","strength":1}' >graded.jsonl
must annotators add ben
run label --batch --as ben --campaign graded graded.jsonl
prints "graded.jsonl: 1 label saved as ben, 3 refused"
says "line 1: strength is missing: 1 to 3, by how much"
says "line 3: tie is not offered by the campaign"
says "line 4: pair 1 is of campaign default"
refused 1 "there is no annotator 'eve'" label --batch --as eve graded.jsonl

# ---- wrong use ----
refused 2 "this is not a terminal; line mode: rlhf label --line, from a file: rlhf label --batch < answers.jsonl" label
refused 2 "--list or --batch?" label --list --batch
refused 2 "--strict, --replace and --rejects go with --batch" label --strict --line
refused 2 "unexpected 'answers.jsonl'" label --line answers.jsonl
refused 2 "--batch asks nobody" label --batch --line answers.jsonl
[ $failed -eq 0 ]

#!/usr/bin/env bash
# The people of a project: who may label, and what they are said to have done.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
# Where it is noon now: a day must not end in the middle.
export TZ="NOON$(($(date -u +%-H) - 12))"
"$fixture" make . 8 || exit 1
say() { "$fixture" say . "$@" || exit 1; } # WHO PAIR CHOICE MS
label() { printf 'a\n' >keys; input=keys; run label --line "$@"; input=/dev/null; }

# ---- who may label ----
must annotators
prints "nobody yet; whoever labels is added, or: rlhf annotators add NAME"
label --as ada --limit 1
exits 0 "the first person is added on first use"
label --as ben --limit 1
exits 0 "so is the second, where there is one"
label --as maia --limit 1
exits 1 "a third name may be mistyped"
says "rlhf label: there is no annotator 'maia' here; there are ada, ben"
says "rlhf annotators add maia"
must annotators add maya
label --as maya --limit 1
exits 0 "who was added labels"
label --as MAYA --limit 1
exits 0 "names are the same in either case"
refused 1 "ada is there already" annotators add Ada
refused 2 "a person's name has no colon" annotators add rule:kind
refused 2 "a name is missing" annotators add ' '
refused 2 "no control characters" annotators add $'a\nb'

must annotators disable ben
label --as ben
exits 1 "who is disabled labels no more"
says "rlhf label: annotator ben is disabled"
says "rlhf annotators enable ben"
must annotators
prints_like '^ben +1 .* disabled$' "and is said to be disabled, with the labels"
refused 1 "ben is there already, disabled" annotators add ben
must annotators enable ben
label --as ben --limit 1
exits 0 "until enabled again"
refused 1 "there is no annotator 'zoe'" annotators disable zoe
refused 2 "unknown command 'ad'; did you mean: add" annotators ad zoe

# ---- who looks, or fails, is nobody ----
mkdir looking && "$fixture" make looking 2 || exit 1
"$fixture" make looking/none 0 2>/dev/null || { mkdir looking/none && "$fixture" make looking/none 0; } || exit 1
nobody() { # PROJECT CLAIM
    must annotators --project "$1"
    prints_like '^nobody yet; ' "$2"
}
must label --list --project looking
nobody looking "a look at the pairs adds nobody"
run label --list --project looking/none
exits 1 "no pairs"
run label --line --project looking/none
exits 1 "no pairs to label"
nobody looking/none "nor does a command that fails"
run label --review disagree --project looking
nobody looking "nor a review of nothing"
echo '{"pair":99,"choice":"a"}' >wrong
input=wrong run label --batch --project looking
exits 1 "rows that are all refused"
nobody looking "nor rows that are refused"
echo '{"pair":1,"choice":"a"}' >right
input=right run label --batch --as gil --project looking
must annotators --project looking
prints_like '^gil +1 ' "who labels is added"

# ---- what they did: by hand ----
# ada and ben on pairs 1 to 3: the same side, a tie against a side, the other side: (1 + 0.5 + 0) / 3.
# ada: 10, 20, 60 and 30 s, the last a skip: 4 standing, median 25 s, 120 s = 0.033 h.
mkdir work && "$fixture" make work 4 && cd work || exit 1
say ada 1 a 10000
say ada 2 b 20000
say ada 3 a 60000
say ada 4 skip 30000
say ben 1 a 5000
say ben 2 tie 5000
say ben 3 b 5000
today=$(date +%Y-%m-%d)
must annotators --csv
[ "$(cat out)" = "annotator,day,labels,skips,active_hours,median_seconds,agreement,compared
ada,$today,3,1,0.033,25.0,0.500,3
ben,$today,3,0,0.004,5.0,0.500,3" ] || fail "the table by hand: $(cat out)"
must annotators
prints_like '^ada +3 +1 +0\.03 +25 s  0\.50 \(n=3\)$' "the same in columns"
must annotators --days
prints_like "^ada +$today +3 " "days in columns"
must annotators --json
prints '{"annotator":"ada","disabled":false,"labels":3,"skips":1,"active_hours":0.0333,"median_seconds":25.000,"agreement":0.5000,"compared":3}'

# What came from elsewhere without a time: 40 s are the median of one that has some, and two have none.
mkdir ../untimed && "$fixture" make ../untimed 3 && cd ../untimed || exit 1
printf '{"pair":1,"choice":"a"}\n{"pair":2,"choice":"b"}\n' >../timeless
input=../timeless run label --batch --as ada
must annotators
prints_like '^ada +2 +0 +- +-  -$' "no time at all"
must annotators --csv
prints "ada,$today,2,0,0.000,,,0"
must annotators --json
prints '"active_hours":0.0000,"median_seconds":null,'
printf '{"pair":3,"choice":"a","seconds":40}\n' >../timed
input=../timed run label --batch --as ada
must annotators
prints_like '^ada +3 +0 +0\.01 +40 s  -$' "the median of those with a time"
printf 'q\n' >../quit
"$fixture" pairs . default
input=../quit run label --line --as ada
prints "today 3 in 0:40 (median 40 s of the 1 timed), 0 skipped"
input=/dev/null
cd ../work || exit 1

# A change of mind: its time counts, its label does not.
say ada 3 b 40000
must annotators --csv
prints "ada,$today,3,1,0.044,25.0,0.833,3" # 10, 20, 30, 40 s stand; 160 s; (1 + 0.5 + 1) / 3

# ---- days ----
must annotators --csv --from "$today" --to "$today"
[ "$(wc -l <out)" -eq 3 ] || fail "a day ends when it ends"
must annotators --csv --to 2001-02-28
[ "$(wc -l <out)" -eq 1 ] || fail "nothing before"
must annotators --from 2999-01-01
prints_like '^ada +0 ' "nothing after, and still there"
refused 2 "--from: '2026-02-30' is no date like 2026-11-01" annotators --from 2026-02-30
refused 2 "--to: 'today' is no date" annotators --to today
refused 2 "--to 2026-01-01 is before --from 2026-01-02" annotators --from 2026-01-02 --to 2026-01-01

# A name with a comma stays one field.
must annotators add 'Doe, "Jo"'
say 'Doe, "Jo"' 4 a 1000
must annotators --csv
prints "\"Doe, \"\"Jo\"\"\",$today,1,0,"
[ "$failed" -eq 0 ]

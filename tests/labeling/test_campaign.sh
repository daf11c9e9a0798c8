#!/usr/bin/env bash
# Campaigns: what is set, who is asked, and that what was labeled to measure by is never trained on.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
"$fixture" make . 2 || exit 1
label() { printf 'a\na\na\n' >keys; input=keys; run label --line "$@"; input=/dev/null; }

# ---- one is always there ----
must campaign
prints_like '^default +train +open +2 pairs, 0 labels by people, 2 to do$' "the default"
must campaign show
prints "default: to train on, open"
prints "no guidelines; from a file: rlhf campaign edit default --guidelines FILE"
refused 1 "campaign default is there already" campaign new default

# ---- another ----
printf 'Prefer the kinder answer.\n' >rules
must campaign new eval-1 --purpose evaluate --title "before and after" --guidelines rules --scale 3 \
    --overlap 2 --goal 300 --lease 5 --no-tie
must campaign show eval-1
prints "eval-1, before and after: to evaluate, never trained on, open"
prints "scale 3, both bad; 2 people per pair; a pair is held 5 min; goal 300 a day"
prints "guidelines, version 1:"
prints "Prefer the kinder answer."
must campaign show eval-1 --json
prints '{"campaign":"eval-1","title":"before and after","purpose":"evaluate","closed":false,"scale":3,"tie":false,"both_bad":true,"overlap":2,"lease_seconds":300,"goal":300,"comparisons":0,"labels":0,"to_do":0,"guidelines_version":1,"guidelines":"Prefer the kinder answer.\n"}'
printf 'Prefer the shorter answer.\n' >rules
must campaign edit eval-1 --guidelines rules --tie
must campaign edit eval-1 --guidelines rules --scale 1
says "eval-1 from here on: scale 1, tie, both bad; 2 people per pair; a pair is held 5 min; goal 300 a day; guidelines, version 2"
must campaign show eval-1 --json
prints '"scale":1,"tie":true,"both_bad":true,"overlap":2,'
prints '"guidelines_version":2,"guidelines":"Prefer the shorter'
refused 2 "unknown option --purpose" campaign edit eval-1 --purpose train
refused 2 "fun: unknown purpose (one of train, evaluate, practice)" campaign new x --purpose fun
refused 2 "a name is up to 60 letters" campaign new 'a b'
refused 2 "--scale: 5 is outside [1, 4]" campaign new x --scale 5
refused 1 "nowhere" campaign new x --guidelines nowhere
must campaign
[ "$(wc -l <out)" -eq 2 ] || fail "what is refused makes no campaign"

# ---- each pair to two people, in a campaign of its own ----
label --as ada --campaign eval-1
exits 1 "a campaign without pairs"
says "no pairs to label yet in campaign eval-1"
says "make some with: rlhf sample --campaign eval-1"
"$fixture" pairs . eval-1 || exit 1
label --as ada --campaign eval-1
prints "2 pairs labeled as ada"
[ "$(sed -n 2p out)" = "Prefer the shorter answer." ] || fail "who begins reads the guidelines first: $(head -n 3 out)"
must campaign show eval-1
prints "2 pairs, 2 labels by people, 2 to do" # one of two people each
label --as ben --campaign eval-1
prints "2 pairs labeled as ben"
must campaign show eval-1
prints_like '^2 pairs, 4 labels by people$' "each pair has its two people"
must annotators add cy
label --as cy --campaign eval-1
exits 1 "two people are enough"
says "no pairs to label for cy: 2 are labeled by others"
label --as ada --limit 1
prints "1 pair labeled as ada" # of the default
must campaign
prints_like '^default +train +open +2 pairs, 1 label by people, 1 to do$' "labels are of their campaign"
prints_like '^eval-1 +evaluate +open +2 pairs, 4 labels by people  before and after$' "the other's likewise"

# ---- to measure by, never to learn from ----
must export preferences
[ "$(wc -l <out)" -eq 1 ] || fail "one label is to learn from: $(cat out)"
must export labels
[ "$(wc -l <out)" -eq 5 ] || fail "five are on record"
refused 1 "campaign eval-1 is to evaluate: its labels are never trained on" reward --campaign eval-1
must campaign new school --purpose practice
refused 1 "campaign school is to practise: its labels are never trained on" reward --campaign school
refused 1 "there is no campaign 'evil-1'; there is default, eval-1, school" reward --campaign evil-1

# ---- closed ----
must campaign close eval-1
says "campaign eval-1 is now closed"
label --as ada --campaign eval-1
exits 1 "closed is closed"
says "campaign eval-1 is closed"
says "rlhf campaign open eval-1"
must campaign open eval-1
label --as ada --campaign eval-1
exits 0 "and open again"
! grep -q "Prefer the shorter" out || fail "who has labeled there has read them: $(cat out)"
label --as ada --campaign eval-2
exits 1 "an unknown campaign"
says "there is no campaign 'eval-2'; there is default, eval-1, school"
must verify

# ---- what changes meanwhile ----
mkdir changing && "$fixture" make changing 4 || exit 1
label --project changing --as ada --limit 1
printf 'Be brief.\n' >rules
must campaign edit default --project changing --guidelines rules
label --project changing --as ada --limit 1
prints "The guidelines are now version 1 (g prints them again):"
prints "Be brief."
label --project changing --as ada --limit 1
! grep -q "Be brief" out || fail "they are told once: $(cat out)"

# ---- expected answers ----
refused 1 "ada has no label with a note" campaign gold --from ada
refused 1 "there is no annotator 'eve'" campaign gold --from eve
refused 2 "whose labels? --from NAME" campaign gold
printf 'n it is kinder\na\n' >keys
input=keys
run label --line --project changing --as ada --limit 1
input=/dev/null
must campaign gold --project changing --from ada
must campaign close default --project changing
label --project changing --as ada --practice
exits 0 "practice asks no campaign"
prints "practice: "
[ "$failed" -eq 0 ]

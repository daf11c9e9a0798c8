#!/bin/sh
# Line mode end to end: answers on standard input, labels in the database.
set -u
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unset RLHF_PROJECT RLHF_ANNOTATOR
fail() { echo "FAILED: $1"; [ -f "$dir/out" ] && cat "$dir/out" "$dir/err"; exit 1; }
label() { "$RLHF" label --project "$dir" "$@" >"$dir/out" 2>"$dir/err"; }
labels() { "$fixture" labels "$dir"; }

"$fixture" make "$dir" 8 || fail "the fixture"

printf 'a\nnonsense\nb\nu\nt\ns\nq\n' | label --line --as ada || fail "a session of lines"
grep -q 'Answer A (' "$dir/out" || fail "answers are named"
grep -q 'saved #1: A is better' "$dir/out" || fail "a choice is confirmed"
grep -q '^today 2 .*(median .*), 1 skipped, 1 tie; all saved' "$dir/out" || fail "a skip is no label"
grep -q 'Undo the last: rlhf label --as ada --line, then u' "$dir/out" || fail "the undo that is told is hers"
grep -q 'saved: skipped' "$dir/out" || fail "a skip has no number among the labels"
grep -qx '.*: Not understood: nonsense' "$dir/out" || fail "what was not understood is named"
grep -q 'is better, b: B is better' "$dir/out" && fail "and the page of help stays where it is"
grep -q 'taken back' "$dir/out" || fail "undo is confirmed"
[ "$(labels | wc -l)" = 2 ] || fail "two labels stand: a choice and a tie"
labels | grep -q '^1 human ada answer' || fail "the choice is stored as a person's"
labels | grep -q '^2 human ada (tie)' || fail "the tie replaced what was undone"

# The chosen text is the one that was printed under A.
shown=$(sed -n '/^Answer A/{n;p;q;}' "$dir/out")
labels | grep -q "^1 human ada $shown\$" || fail "A is the answer that was shown as A"

# The environment names the annotator, another person goes on where nobody was.
printf '1\na\n' | RLHF_ANNOTATOR=ben label --line || fail "input may just end"
labels | grep -q '^3 human ben answer' && fail "the skipped pair is not given to ben"
labels | grep -q '^4 human ben answer' || fail "RLHF_ANNOTATOR labels"
grep -q 'saved #1: A is better (label [2-9])' "$dir/out" || fail "everybody counts from 1"
grep -q 'Not understood: 1$' "$dir/out" || fail "1 is taken where a and b are listed"
printf 'a\n' | label --line --as '' && fail "an empty name is refused"
grep -q 'a name is missing' "$dir/err" || fail "and said so"
"$RLHF" status --project "$dir" >"$dir/out" 2>"$dir/err"
grep -q '3 labeled, 1 skipped, 4 to do: ada 2, ben 1' "$dir/out" || fail "status counts skips apart"

printf 'a\nb\na\nb\na\nb\n' | label --line --as ada --limit 2 --json || fail "a limit"
grep -q '"labeled":2,' "$dir/out" || fail "--limit 2 ends after two"

printf 'a\n' | label --as ada && fail "without a terminal the screen must not start"
grep -q 'this is not a terminal; line mode: rlhf label --line' "$dir/err" || fail "it says what to do"
printf 'a\n' | label --line --as rule:kind && fail "a rule's name is refused"
grep -q "no colon" "$dir/err" || fail "and the reason is said"

# Hostile text: nothing that a terminal would obey comes out.
mkdir "$dir/text"
"$fixture" text "$dir/text" || fail "the fixture"
printf 'q\n' | "$RLHF" label --project "$dir/text" --line >"$dir/out" 2>"$dir/err" || fail "q quits"
LC_ALL=C grep -q "$(printf '\033')" "$dir/out" && fail "an escape reached the terminal"
grep -q '<U+202E>' "$dir/out" || fail "hidden characters are spelled out"

printf 'n \377\033[31m\na\nq\n' | "$RLHF" label --project "$dir/text" --line >"$dir/out" 2>"$dir/err" || fail "a note of any bytes"
"$RLHF" export labels --project "$dir/text" | grep -q '"comment": "<0xFF><U+001B>\[31m"' || fail "is kept as it is seen"

# A rule labels the same pairs under its own name.
"$RLHF" judge --project "$dir" --rule longer --json >"$dir/out" 2>"$dir/err" || fail "judge"
grep -q '"labels":8,' "$dir/out" || fail "judge labels all pairs"
[ "$(labels | grep -c ' rule rule:longer ')" = 8 ] || fail "they are a rule's"
"$RLHF" judge --project "$dir" --rule longr >"$dir/out" 2>"$dir/err" && fail "an unknown rule"
grep -q 'did you mean --rule longer' "$dir/err" || fail "a near miss is guessed"
"$RLHF" judge --project "$dir" --rule longer >"$dir/out" 2>"$dir/err" || fail "judge again"
grep -q 'nothing new' "$dir/out" || fail "no second label"

"$RLHF" judge --project "$dir" --rule kind >"$dir/out" 2>"$dir/err" || fail "a rule of the demo's"
grep -q 'warning: 8 of 8 pairs are ties: the rule kind finds little in these texts; it reads only answers of a repair counter' "$dir/err" ||
    fail "that it has nothing to go by is said: $(cat "$dir/err")"

# Nothing to label is said, with what to do.
mkdir "$dir/empty" && "$fixture" make "$dir/empty" 0
printf 'a\n' | "$RLHF" label --project "$dir/empty" --line >"$dir/out" 2>"$dir/err" && fail "no pairs"
grep -q 'no pairs to label yet' "$dir/err" || fail "no pairs is said"

# Pairs that others have are said to be theirs.
mkdir "$dir/taken" && "$fixture" make "$dir/taken" 2
taken() { "$RLHF" label --project "$dir/taken" --line "$@" >"$dir/out" 2>"$dir/err"; }
printf 'a\na\n' | taken --as ada || fail "ada labels both"
grep -q '^next: rlhf pretrain FILE' "$dir/out" || fail "after the last pair it says what comes next: $(tail -n 1 "$dir/out")"
printf 'a\n' | taken --as ben && fail "nothing is left for ben"
grep -qx 'rlhf label: no pairs to label for ben: 2 are labeled by others' "$dir/err" || fail "whose the pairs are"
grep -q '  next: rlhf pretrain FILE' "$dir/err" || fail "what the project needs next is said: $(cat "$dir/err")"
grep -q 'imported' "$dir/err" && fail "no data set is spoken of where there is none"

# What a killed session holds is hers again at once, and nobody else's.
mkdir "$dir/killed" && "$fixture" make "$dir/killed" 1
mkfifo "$dir/keys"
"$RLHF" label --project "$dir/killed" --line --as ada <"$dir/keys" >"$dir/shown" 2>&1 &
exec 3>"$dir/keys"
until grep -q '^Better' "$dir/shown"; do sleep 0.1; done
kill -9 $!
wait $! 2>/dev/null
exec 3>&-
"$RLHF" label --project "$dir/killed" --line --as ben </dev/null >"$dir/out" 2>"$dir/err" && fail "the lease holds"
grep -qx "rlhf label: no pairs to label for ben: 1 is held by others" "$dir/err" || fail "another is told so"
grep -q 'free again after ten minutes' "$dir/err" || fail "and for how long"
printf 'a\n' | "$RLHF" label --project "$dir/killed" --line --as ada >"$dir/out" 2>"$dir/err" || fail "the same person goes on"
grep -q '^1 pair labeled as ada' "$dir/out" || fail "with that pair"

# On a graded scale a digit is one grade, with a side before it or without.
mkdir "$dir/graded" && "$fixture" make "$dir/graded" 4
"$RLHF" campaign edit default --project "$dir/graded" --scale 3 >/dev/null 2>&1 || fail "a scale of 3"
graded() { "$RLHF" label --project "$dir/graded" --line --as "$1" >"$dir/out" 2>"$dir/err"; }
printf 'b\n1\nq\n' | graded ada || fail "b, then a grade of A"
grep -q 'saved' "$dir/out" && fail "after b a grade of A is saved"
grep -q 'B is better; by how much? 5 slightly, 6 clearly, 7 much;' "$dir/out" || fail "the grades of B are told"
grep -q '^Better: 1 (A by far) to 7 (B by far), a, b, t (tie)' "$dir/out" || fail "the prompt lists a and b"
printf 'b\n5\na\n1\n7\nq\n' | graded ada || fail "grades"
[ "$(grep -o 'saved #[0-9]: . is [a-z]* better' "$dir/out" | cut -d' ' -f2- | tr '\n' ';')" = '#1: B is slightly better;#2: A is much better;#3: B is much better;' ] ||
    fail "5 after b, 1 after a and 7 alone: $(grep saved "$dir/out")"

# Words are counted as they are shown: <U+000C> parts none.
mkdir "$dir/words" && "$RLHF" init "$dir/words" >/dev/null
printf '{"prompt":"p","chosen":"one\\ftwo three","rejected":"x"}\n' >"$dir/words.jsonl"
"$RLHF" import --project "$dir/words" "$dir/words.jsonl" >"$dir/out" 2>"$dir/err" || fail "a form feed is imported"
printf 'q\n' | "$RLHF" label --project "$dir/words" --line --imported >"$dir/out" 2>"$dir/err" || fail "an imported pair"
grep -q '^Answer [AB] (2 words):$' "$dir/out" || fail "a form feed is part of a word"
grep -q '^Answer [AB] (1 word):$' "$dir/out" || fail "one word is no words"
echo "line mode: all as claimed"

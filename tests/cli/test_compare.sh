#!/usr/bin/env bash
# rlhf compare: which prompts are shown, what is said of the answers.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

tiny_project --set pretrain.steps=40
for thing in lamp clock radio chair table kettle bicycle camera mirror engine pencil window; do
    echo "{\"prompt\":\"the $thing of my $thing is broken .\\nA:\"}"
done >../asked.jsonl
must import ../asked.jsonl --source asked --split test
must sft --config "$tiny"
both=(compare pretrain-1 base --rule longer --best-of 0 --max-new-tokens 12 --source asked)

# ---- worst and best first ----
# "  1 of 12: prompt 7, base 4, aligned 6 (+2)": the last numbers, which only fall or only rise
gains() { grep -oE '^  [0-9]+ of 12: prompt .*\([-+][0-9.]+\)$' out | sed 's/.*(//; s/[+)]//g'; }
must "${both[@]}" --show worst:12
[ "$(gains | wc -l)" -eq 12 ] || fail "worst:12 shows all 12 prompts"
[ "$(gains)" = "$(gains | sort -n)" ] || fail "worst first: $(gains | xargs)"
must "${both[@]}" --show best:12
[ "$(gains)" = "$(gains | sort -rn)" ] || fail "best first: $(gains | xargs)"
[ "$(gains | sort -u | wc -l)" -gt 1 ] || fail "the gains differ: the order says something"
must "${both[@]}" --show random:5
cp out once
[ "$(gains | wc -l)" -eq 5 ] || fail "random:5 shows five"
must "${both[@]}" --show random:5
cmp -s out once || fail "the same seed draws the same prompts"
must "${both[@]}" --show 2
cp out numbers
[ "$(grep -c '^  prompt ' out)" -eq 2 ] || fail "a number alone is how many"
refused 2 "--show sideways: a number, or worst, best, random or first" "${both[@]}" --show sideways

# ---- numbers ----
cp numbers out
prints_like '^  won [0-9]+, lost [0-9]+, tied [0-9]+; sign test p [=<] [01]\.[0-9]+;' "the sign test"
prints_like 'distinct-1 [01]\.[0-9]{2} \(base [01]\.[0-9]{2}\), distinct-2' "distinct-n of both models"

# ---- marks, on a terminal ----
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    TERM=xterm COLUMNS=60 script -qec "'$RLHF' ${both[*]} --show worst:1" typed >/dev/null 2>&1 </dev/null
    grep -q $'\033\\[1;4m' typed || fail "words that one answer has alone are marked"
    sed 's/\x1b\[[0-9;]*m//g; s/\r$//' typed | perl -CSD -ne 'exit 1 if /^ {13}/ && length > 61' ||
        fail "marked lines fit the terminal"
    NO_COLOR=1 TERM=xterm script -qec "'$RLHF' ${both[*]} --show worst:1" typed >/dev/null 2>&1 </dev/null
    grep -q $'\033\\[1;4m' typed && fail "NO_COLOR: no marks"
fi
[ $failed -eq 0 ]

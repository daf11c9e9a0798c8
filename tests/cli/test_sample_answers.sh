#!/usr/bin/env bash
# rlhf sample: K answers to a prompt, several models together, kept as they finish, and gone on with.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture" && exit 77; }
asked() { "$fixture" asked "$@"; } # PROJECT: prompt, and of both answers model, number, text
pairs_are() { # PROJECT CLAIM LINE...: of every prompt, models and numbers of its pairs
    asked "$1" | cut -f 1,2,3,5,6 | LC_ALL=C sort >found
    for prompt in $(cut -f 1 found | uniq); do printf "$prompt\t%s\n" "${@:3}"; done | LC_ALL=C sort | diff found - >differs ||
        fail "$2: $(head -n 6 differs)"
}
fresh() { rm -rf "$1" && cp -r project "$1"; } # FOLDER: the project before anything was sampled

prompts 0 55 | sed 's/prompt/text/' >corpus.jsonl
prompts 0 19 >train.jsonl
prompts 20 23 >valid.jsonl
must init project
must pretrain --project project corpus.jsonl --config "$tiny" --set pretrain.steps=2 --run second --seed 2
must pretrain --project project corpus.jsonl --config "$tiny" --set pretrain.steps=2 --run first
must import --project project train.jsonl --split train
must import --project project valid.jsonl --split valid

# ---- the first prompt, before any work ----
fresh shown
must sample --project shown --max-new-tokens 8
says "the first prompt, as base reads it: "
sed -n '/^the first prompt/,$p' err | sed -n '2,3p' | diff - <(printf '  the red lamp is broken .⏎\n  A:▌\n') || fail "it is shown as it is: $(cat err)"
[ "$(grep -c 'first prompt' err)" -eq 1 ] || fail "it is shown once, not of each split"
says ", none of them special"
fresh shown
must sample --project shown --max-new-tokens 8 --quiet
says_nothing "sample --quiet"

# ---- K answers ----
six=(base$'\t'0$'\t'base$'\t'{1,2,3} base$'\t'1$'\t'base$'\t'{2,3} base$'\t'2$'\t'base$'\t'3)
fresh four
must sample --project four --max-new-tokens 24 --answers 4 --json
prints '"prompts":24,"pairs":144,"equal":0,'
pairs_are four "all pairs of four answers" "${six[@]}"
must sample --project four --max-new-tokens 24 --answers 4
prints "nothing to sample: base has answered all 24 prompts already"
prints "for more pairs: rlhf import FILE, then sample; or another --model, or more --answers"

fresh more # the first two of four are those of two, and what is there is not stored again
must sample --project more --max-new-tokens 24
must sample --project more --max-new-tokens 24 --answers 4 --json
prints '"prompts":24,"pairs":120,'
pairs_are more "two answers and then four" "${six[@]}"
asked four | LC_ALL=C sort >all && asked more | LC_ALL=C sort | cmp -s all - || fail "two and then four are the texts of four"

fresh some
must sample --project some --max-new-tokens 24 --answers 4 --pairs 2 --json
prints '"prompts":24,"pairs":48,'
asked some | LC_ALL=C sort | LC_ALL=C comm -23 - all | grep -q . && fail "two pairs of four answers are among all of them"
refused 2 "--answers: 17 is outside [2, 16]" sample --project some --answers 17

# ---- equal texts ----
fresh equal
must sample --project equal --max-new-tokens 1 --temperature 0.05 --json
pairs=$(sed -n 's/.*"pairs":\([0-9]*\),.*/\1/p' out) equal=$(sed -n 's/.*"equal":\([0-9]*\),.*/\1/p' out)
[ "$equal" -gt 0 ] && [ $((pairs + equal)) -eq 24 ] || fail "each prompt has a pair or equal answers"
[ "$(asked equal | wc -l)" -eq "$pairs" ] || fail "equal answers are no pair"
asked equal | awk -F '\t' '$4 == $7' | grep . && fail "no pair has two equal texts"
must sample --project equal --max-new-tokens 1 --temperature 0.05
prints "nothing to sample" # nor are they drawn again

# ---- two models in one comparison ----
both=(sample --project both --max-new-tokens 24)
fresh both
must "${both[@]}"                              # the base's own first: they are no answers of both
must "${both[@]}" --model base --model second --limit 6 --json
prints '"prompts":6,"pairs":6,'
must "${both[@]}" --model second --model base --json # the rest, whichever is named first
prints '"prompts":18,"pairs":18,'
must "${both[@]}" --model base --model second
prints "nothing to sample: base and second have answered all 24 prompts together already"
asked both | awk -F '\t' '{ n[$2 == $5 ? "alone" : "both"]++ } END { print n["alone"], n["both"] }' | grep -qx '24 24' ||
    fail "a pair of the base's answers and a pair of both models' to each prompt"
fresh turns
must sample --project turns --max-new-tokens 24 --model second --model first --answers 4 --json
prints '"prompts":24,"pairs":96,'
pairs_are turns "models take turns and are paired with each other" second$'\t'{0$'\t'first$'\t'{1,3},2$'\t'first$'\t'3} first$'\t'1$'\t'second$'\t'2
refused 1 "first and base are the same model; give each model once" sample --project turns --model first --model base
refused 2 "--answers 2: 3 models give at least one each" sample --project turns --model first --model base --model second --answers 2

# ---- what a project exported comes back to the same pairs ----
must judge --project turns --rule longer
must export --project turns preferences --out own.jsonl
must import --project turns own.jsonl
prints "new: prompts 0, demonstrations 0, comparisons 0;"
prints_like '^  [0-9]+ pairs there already, with answers of models here: they have the labels of the import' "whose pairs they are is said"

[ $failed -eq 0 ]

#!/usr/bin/env bash
# rlhf sample, killed while somebody labels what is there, and gone on with.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture" && exit 77; }
asked() { "$fixture" asked "$@"; } # PROJECT: its pairs, with their texts
fresh() { rm -rf "$1" && cp -r project "$1"; } # FOLDER: the project before anything was sampled

prompts 0 19 | sed 's/prompt/text/' >corpus.jsonl
prompts 0 19 >train.jsonl
must init project
must pretrain --project project corpus.jsonl --config "$tiny" --set pretrain.steps=1
must import --project project train.jsonl --split train

many=(sample --max-new-tokens 50 --answers 10 --batch 1 --threads 1)
fresh whole
must "${many[@]}" --project whole
for _ in 1 2 3 4 5 6; do
    fresh killed
    "$RLHF" "${many[@]}" --project killed >log 2>&1 &
    while kill -0 $! 2>/dev/null && ! asked killed 2>/dev/null | grep -q .; do :; done
    "$RLHF" judge --rule longer --project killed --json >out 2>err
    labeled=$?
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    status=$?
    [ $status -eq 137 ] && [ "$(asked killed | wc -l)" -lt "$(asked whole | wc -l)" ] && break # else it was done too soon
done
[ $status -eq 137 ] || fail "six attempts to kill it while it samples"
[ $labeled -eq 0 ] || fail "the first pairs are labeled while sampling goes on: $(cat err)"
must status --project killed --json
grep -q '"labels":0,' out && fail "its labels are there: $(cat out)"
must "${many[@]}" --project killed
for project in whole killed; do
    must export responses --project $project --out $project.jsonl
    asked $project >$project.pairs
done
cmp whole.jsonl killed.jsonl || fail "the same command goes on to the same answers, in the same order"
cmp whole.pairs killed.pairs || fail "and the same pairs"
[ $failed -eq 0 ]

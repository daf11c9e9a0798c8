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
must export responses --project whole --out whole.jsonl
asked whole >whole.pairs

# ends SIGNAL STATUS: sampling ends so after somebody has labeled its first pairs, and the same command goes on.  What
# was done before the signal came is tried again.
ends() {
    for _ in 1 2 3 4 5 6; do
        fresh part
        "$RLHF" "${many[@]}" --project part >log 2>&1 &
        while kill -0 $! 2>/dev/null && ! asked part 2>/dev/null | grep -q .; do :; done
        "$RLHF" judge --rule longer --project part --json >out 2>err
        labeled=$?
        kill -"$1" $! 2>/dev/null
        wait $! 2>/dev/null
        status=$?
        asked part >part.pairs
        [ "$(wc -l <part.pairs)" -lt "$(wc -l <whole.pairs)" ] && break
    done
    exits "$2" "sampling that SIG$1 ends"
    [ $labeled -eq 0 ] || fail "the first pairs are labeled while sampling goes on: $(cat err)"
    head -n "$(wc -l <part.pairs)" whole.pairs | cmp - part.pairs || fail "SIG$1 leaves the first pairs"
    must status --project part --json
    ! grep -q '"labeled":0,' out || fail "and their labels: $(cat out)"
    must "${many[@]}" --project part
    must export responses --project part --out part.jsonl
    asked part | cmp - whole.pairs || fail "after SIG$1 the same command goes on to the same pairs"
    cmp whole.jsonl part.jsonl || fail "of the same answers"
    rm part.jsonl
}
ends KILL 137
ends INT 130
[ $failed -eq 0 ]

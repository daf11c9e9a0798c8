#!/usr/bin/env bash
# People's own preferences (HH-RLHF) through every stage, on a base trained on Shakespeare: that real data
# goes in and comes out, whatever so small a model makes of it.
set -u
[ -x "${RLHF:-}" ] || { echo "RLHF must name the program" && exit 1; }
shared=${RLHF_SHARED:-${SOURCE_DIR:-.}/../shared}
pairs=$shared/data/prefs/hh_harmless_test_300.jsonl
corpora=$shared/data/corpora
for file in "$pairs" "$corpora/tinyshakespeare.txt" "$corpora/mixed.txt"; do
    [ -r "$file" ] || { echo "skipped: no $file (RLHF_SHARED names the folder)" && exit 77; }
done
unset RLHF_PROJECT
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-1000}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

fail() {
    echo "FAILED: $1"
    failed=1
}
must() {
    "$RLHF" "$@" >out 2>err </dev/null && return
    echo "FAILED: rlhf $*"
    cat err
    exit 1
}
prints() { grep -qE -- "$1" out || fail "$2: no match for $1 in: $(head -c 400 out)"; }
says() { grep -qE -- "$1" err || fail "$2: no match for $1 in: $(head -c 400 err)"; }

must init .
must import "$pairs" --json
prints '"taken":(29[0-9]|300),' "HH-RLHF's raw form is understood"
must pretrain "$corpora/tinyshakespeare.txt" "$corpora/mixed.txt" --threads 2 --json \
    --set model.layers=2 --set model.width=64 --set model.heads=4 --set model.mlp=160 --set model.context=320 \
    --set model.vocabulary=1024 --set pretrain.steps=150 --set pretrain.batch_size=8 --set pretrain.learning_rate=3e-3
prints '"steps":150,' "pretrain"

must reward --threads 2 --json --set reward.batch_size=16 --set reward.learning_rate=1e-3
prints '"accuracy":.*"longer_wins":' "reward"
says '[0-9]+ beyond the context of 320 left out' "pairs beyond the context are left out and counted"

must sample --limit 20 --max-new-tokens 32 --json
says 'prompts? leaves? no room for an answer of 32 tokens in the context of 320: left out' "so are prompts"
prints '"pairs":[0-9]+,.*"left_out":[1-9]' "and sample's result counts them"

must ppo --threads 2 --json --set ppo.iterations=2 --set ppo.batch_size=16 --set ppo.minibatch_size=8 \
    --set ppo.epochs=1 --set ppo.max_new_tokens=32 --set ppo.learning_rate=1e-4
prints '"steps":2,.*"objective/kl":' "ppo"
says 'left out' "long prompts are left out of PPO"
grep -q '"step":1,.*"objective/kl":0,' runs/ppo-1/metrics.jsonl || fail "KL is exactly 0 before the first update"

must compare --threads 2 --best-of 2 --max-new-tokens 32 --report report.html --json
prints '"judge":"reward"' "compare"
[ -s report.html ] || fail "compare writes the report"
must verify
[ $failed -eq 0 ]

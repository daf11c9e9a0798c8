#!/usr/bin/env bash
# People's own preferences (HH-RLHF) through every stage, on a base trained on Shakespeare: that real data
# goes in and comes out, whatever so small a model makes of it.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
shared=${RLHF_SHARED:-$SOURCE_DIR/../shared}
pairs=$shared/data/prefs/hh_harmless_test_300.jsonl
corpora=$shared/data/corpora
for file in "$pairs" "$corpora/tinyshakespeare.txt" "$corpora/mixed.txt"; do
    [ -r "$file" ] || { echo "skipped: no $file (RLHF_SHARED names the folder)" && exit 77; }
done

must init .
must import "$pairs" --json
prints_like '"taken":(29[0-9]|300),' "HH-RLHF's raw form is understood"
must pretrain "$corpora/tinyshakespeare.txt" "$corpora/mixed.txt" --threads 2 --json \
    --set model.layers=2 --set model.width=64 --set model.heads=4 --set model.mlp=160 --set model.context=320 \
    --set model.vocabulary=1024 --set pretrain.steps=150 --set pretrain.batch_size=8 --set pretrain.learning_rate=3e-3
prints_like '"steps":150,' "pretrain"

must reward --threads 2 --json --set reward.batch_size=16 --set reward.learning_rate=1e-3
prints_like '"accuracy":.*"longer_wins":' "reward"
says_like '[0-9]+ beyond the context of 320 left out' "pairs beyond the context are left out and counted"

must sample --limit 20 --max-new-tokens 32 --json
says_like 'prompts? leaves? no room for an answer of 32 tokens in the context of 320: left out' "so are prompts"
prints_like '"pairs":[0-9]+,.*"left_out":[1-9]' "and sample's result counts them"

must ppo --threads 2 --json --set ppo.iterations=2 --set ppo.batch_size=16 --set ppo.minibatch_size=8 \
    --set ppo.epochs=1 --set ppo.max_new_tokens=32 --set ppo.learning_rate=1e-4
prints_like '"steps":2,.*"objective/kl":' "ppo"
says_like 'left out' "long prompts are left out of PPO"
grep -q '"step":1,.*"objective/kl":0,' runs/ppo-1/metrics.jsonl || fail "KL is exactly 0 before the first update"

must compare --threads 2 --best-of 2 --max-new-tokens 32 --report report.html --json
prints_like '"judge":"reward"' "compare"
[ -s report.html ] || fail "compare writes the report"
must verify
[ $failed -eq 0 ]

#!/usr/bin/env bash
# Every file in configs/ is taken by the commands it is for, and trains for two steps.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
steps() { grep -q '"steps":2,' out || { echo "FAILED: $1 did two steps: $(head -c 300 out)" && exit 1; }; }

# Names of letters: prompts that differ in digits alone would be one family, and in one split.
awk 'BEGIN {
    for (i = 0; i < 120; i++) {
        name = sprintf("%c%c%c%c", 97 + i % 26, 97 + int(i / 26), 97 + i * 7 % 26, 97 + i * 3 % 26)
        q = "who is " name " ?\\nA:"; a = " " name " is a friend of mine ."
        printf "{\"text\":\"%s%s\"}\n", q, a > "corpus.jsonl"
        printf "{\"prompt\":\"%s\"}\n", q > "prompts.jsonl"
        if (i % 4 == 0) printf "{\"prompt\":\"%s\",\"completion\":\"%s\"}\n", q, a > "demonstrations.jsonl"
    }
}'
for config in "$SOURCE_DIR"/configs/*.json; do
    project=$(basename "$config" .json)
    must init "$project"
    cd "$project" || exit 1
    must import ../prompts.jsonl
    must import ../demonstrations.jsonl
    must pretrain ../corpus.jsonl --config "$config" --set pretrain.steps=2 --json
    steps "pretrain --config $config"
    must sft --config "$config" --set sft.steps=2 --json
    steps "sft --config $config"
    must loop --config "$config" --steps 2 --judge longer --pairs 100 --ppo.max_new_tokens 8
    prints "round 1 goes on with reward"
    must sample --max-new-tokens 8
    must judge --rule longer
    # two batches of 32 pairs
    must reward --config "$config" --set reward.batch_size=32 --set reward.epochs=0.6 --no-eval --json
    steps "reward --config $config"
    must ppo --config "$config" --set ppo.iterations=2 --set ppo.critic_warmup=1 --set ppo.batch_size=8 --set ppo.minibatch_size=4 --json
    steps "ppo --config $config"
    cd ..
done

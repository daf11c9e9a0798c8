#!/usr/bin/env bash
# rlhf models: names that --model takes, with kind and size; each is taken.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
unset HF_HUB_CACHE HF_ENDPOINT XDG_CACHE_HOME
export HF_HOME=$folder/home COLUMNS=120
golden=$SOURCE_DIR/tests/golden
commit=$(printf 'a%.0s' $(seq 40)) older=$(printf 'b%.0s' $(seq 40))

# ---- outside of a project ----
must models
prints "no models yet; one of the hub: rlhf pull REPO, one of your own: rlhf pretrain"
must models --json
prints '{"models":[]}'
hub=$HF_HOME/hub
mkdir -p "$hub/models--org--tiny/refs" "$hub"/models--org--tiny/snapshots/{$commit,$older} \
    "$hub/models--org--half/refs" "$hub/models--org--half/snapshots/$commit" "$hub/datasets--org--data/refs"
cp "$golden"/gpt2-tiny/{config.json,model.safetensors} "$hub/models--org--tiny/snapshots/$commit"
cp "$golden"/gpt2-tiny-reward/{config.json,model.safetensors} "$hub/models--org--tiny/snapshots/$older"
printf %s "$commit" | tee "$hub/models--org--tiny/refs/main" "$hub/models--org--half/refs/main" >"$hub/datasets--org--data/refs/main"
must models
[ "$(cut -d' ' -f1 out | tr '\n' ' ')" = "org/tiny org/tiny@$older " ] || fail "what was pulled, and no half of a model: $(cat out)"
prints_like "^org/tiny +gpt2 +[0-9]+ kB  = org/tiny@$commit\$" "its kind, its size and its commit"
prints_like "^org/tiny@$older +gpt2 reward model +[0-9]+ kB\$" "a reward model"

# ---- in a project ----
for i in $(seq 40); do printf '{"text":"the %d green lamps are not broken ."}\n' "$i"; done >corpus.jsonl
must init project
cd project || exit 1
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=4 --set pretrain.save_every=2
mkdir -p runs/empty
must models
cp out models
[ "$(cut -d' ' -f1 models | tr '\n' ' ')" = "base pretrain-1 pretrain-1@2 pretrain-1@4 org/tiny org/tiny@$older " ] || fail "names and their order: $(cat models)"
grep -qE '^base +llama +146 kB  = pretrain-1@4$' models || fail "what base is"
grep -qE '^pretrain-1@2 +llama +146 kB$' models || fail "a checkpoint"
must models --json
prints "{\"name\":\"pretrain-1@2\",\"model\":\"pretrain-1@2\",\"folder\":\"$folder/project/runs/pretrain-1/checkpoints/step-000002\",\"there\":true,\"kind\":\"llama\",\"bytes\":145528}"
for name in $(cut -d' ' -f1 models); do
    run inspect "$name" --json
    exits 0 "a command takes $name"
done

# ---- what is gone, and what is an adapter ----
printf '{"models":{"base":"runs/pretrain-1/checkpoints/step-000004","aligned":"runs/lost"}}' >project.json
mkdir runs/small && printf '{}' >runs/small/adapter_config.json && printf 1234567 >runs/small/adapter_model.safetensors
must models
prints_like "^aligned +gone: $folder/project/runs/lost\$" "a model that is gone"
prints_like '^small +adapter +7 bytes  = runs/small$' "an adapter"
must models --json
prints "{\"name\":\"aligned\",\"model\":null,\"folder\":\"$folder/project/runs/lost\",\"there\":false,\"kind\":null,\"bytes\":0}"
[ $failed -eq 0 ]

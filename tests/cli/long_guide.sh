#!/usr/bin/env bash
# Every command line of docs/guide.md, in its order, in the folder that it begins in, with a model too small to be
# of use: what the page tells people to type is taken.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
. "$SOURCE_DIR/tests/cli/hub.sh"
. "$SOURCE_DIR/tests/cli/walk.sh"
guide=$SOURCE_DIR/docs/guide.md
export HOME=$folder RLHF_ANNOTATOR=ada

# ---- what the reader has ----
# ~/models, and what the hub serves, is another small base.
sentences
must init elsewhere
must pretrain corpus.jsonl --project elsewhere --config "$tiny" --set pretrain.steps=10
mkdir -p models && cp -r elsewhere/runs/pretrain-1/checkpoints/step-000010 models/gpt2
rm -f models/gpt2/manifest.json models/gpt2/optimizer.safetensors
cp -r models/gpt2 models/my-chat-model
chatml models/my-chat-model && chatml_jinja >models/my-chat-model/chat_template.jinja
cp models/gpt2/* files
listing models/openai-community/gpt2 main "$(printf 'a%.0s' $(seq 40))" config.json model.safetensors tokenizer.json tokenizer_config.json
mkdir -p files/harmless-base
printf '{"chosen":"\\n\\nHuman: it is broken\\n\\nAssistant: oh dear","rejected":"\\n\\nHuman: it is broken\\n\\nAssistant: no"}\n' |
    gzip >files/harmless-base/train.jsonl.gz
listing datasets/Anthropic/hh-rlhf main "$(printf 'b%.0s' $(seq 40))" harmless-base/train.jsonl.gz
# The demo's folder, which the guide takes its files from.
must demo --dir rlhf-demo --conversations 400 --prompts 400 --pairs 60 --n 10 --threads 1 \
    --set model.layers=2 --set model.width=32 --set model.heads=4 --set model.mlp=64 --set model.vocabulary=500 \
    --set pretrain.epochs=1 --set reward.epochs=1 --set ppo.iterations=2 \
    --set ppo.critic_warmup=0 --set ppo.batch_size=16 --set ppo.minibatch_size=16
awk 'BEGIN { for (i = 0; i < 300; i++) {
    split(i % 2 ? "fine praise true" : "awful blame false", is, " ")
    printf "{\"text\":\"the %c%c lamp is %s\",\"label\":\"%s\"}\n",
        97 + i % 26, 97 + int(i / 26), is[1], is[2] >"texts.jsonl"
    if (i < 150) printf "{\"prompt\":\"the %c%c lamp\",\"completion\":\" is %s\",\"label\":%s}\n",
        97 + i % 26, 97 + int(i / 26), is[1], is[3] >(i % 5 ? "thumbs-train.jsonl" : "thumbs-valid.jsonl") } }'
echo "the kinder answer" >rules.txt

# ---- its command lines ----
# $ COMMAND of a code block, also indented; a backslash goes on, a comment is left out.
awk '/^ *```/ { inside = !inside; next }
    inside && (on || /^ *\$ /) { sub(/^ *\$ /, ""); sub(/  +#.*/, ""); on = sub(/\\$/, ""); printf "%s%s", $0, on ? "" : "\n" }' \
    "$guide" >lines
[ "$(wc -l <lines)" -gt 50 ] || fail "the guide has command lines"

tail() { # -f ends when a run does; here it has
    [ "$1" != -f ] || set -- -n 1 "$2"
    command tail "$@" >out
}
llama-server() { [ "$(head -c 4 "$2")" = GGUF ]; }
small_ppo+=(--set ppo.eval_prompts=4)
# What stands beside the command in the text.
beside() { # LINE
    case $1 in
    "cp ../rlhf-demo/corpus.jsonl"*) cp ../demonstrations.jsonl ../texts.jsonl ../rules.txt "$SOURCE_DIR/configs/loop.json" . ;;
    "rlhf init") for split in train valid; do must import ../thumbs-$split.jsonl --split $split; done ;;
    esac
}
while read -r line <&3; do
    # The lines define and use $input and $out of lib.sh, so each is read by this shell.
    eval "$line" || { fail "docs/guide.md: $line" && break; }
    beside "$line"
done 3<lines

# ---- it has all commands ----
must help
for command in $(sed -n 's/^  \([a-z]\+\) .*/\1/p' out); do
    grep -qE "^\|[^|]*\`$command\`" "$guide" || fail "the guide's table of commands has $command"
done
[ $failed -eq 0 ]

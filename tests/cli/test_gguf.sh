#!/usr/bin/env bash
# rlhf export gguf: the file is there whole, holds what the model is, and takes the place of nothing.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
golden=$SOURCE_DIR/tests/golden
tiny_project --set pretrain.steps=2

# ---- a file of each type; smaller numbers, a smaller file ----
must export gguf base ../base.gguf
prints "../base.gguf: f16, for llama.cpp"
[ "$(head -c 4 ../base.gguf)" = GGUF ] || fail "it begins with the format's mark"
for type in f32 f16 bf16 q8_0; do
    must export gguf base "../$type.gguf" --type "$type" --json
    prints "{\"file\":\"../$type.gguf\",\"type\":\"$type\",\"bytes\":$(wc -c <"../$type.gguf")}"
done
cmp -s ../base.gguf ../f16.gguf || fail "f16 unless a type is named"
size() { wc -c <"../$1.gguf"; }
[ "$(size q8_0)" -lt "$(size f16)" ] && [ "$(size f16)" -lt "$(size f32)" ] || fail "sizes: $(wc -c ../*.gguf)"
for key in general.architecture llama.block_count llama.rope.freq_base tokenizer.ggml.tokens tokenizer.ggml.pre blk.1.ffn_down.weight; do
    grep -qaF "$key" ../f16.gguf || fail "the file names $key"
done

must export model base ../other.gguf --gguf q8_0
cmp -s ../q8_0.gguf ../other.gguf || fail "export model --gguf writes what export gguf does"

# ---- an adapter is merged: the same file as of the merged folder ----
must sft --config "$tiny" --set lora.rank=4 --set sft.steps=2 --set sft.learning_rate=0.01
must export model sft-1 ../sft-1 --merged
must export gguf sft-1 ../adapter.gguf
must export gguf ../sft-1 ../merged.gguf
cmp -s ../adapter.gguf ../merged.gguf || fail "an adapter and its merged folder give one file"
cmp -s ../adapter.gguf ../base.gguf && fail "and that is not its base's"

# ---- refused, and nothing is written ----
refused 1 "../base.gguf exists; choose another name or add --force" export gguf base ../base.gguf
must export gguf base ../base.gguf --force
refused 1 "rlhf.db belongs to the project" export gguf base rlhf.db --force
refused 2 "type: 'q4_0' is no type of numbers; f32, f16, bf16 or q8_0" export gguf base ../x.gguf --type q4_0
refused 1 "is a reward model, and llama.cpp has no such head" export gguf "$golden/gpt2-tiny-reward" ../x.gguf
refused 1 "gpt2-tiny: there is no tokenizer.json" export gguf "$golden/gpt2-tiny" ../x.gguf
refused 2 "" export gguf base
cp -r ../sft-1 ../unknown
sed -i 's/"BPE"/"Unigram"/' ../unknown/tokenizer.json
refused 1 "../unknown/tokenizer.json: model: Unigram is not exported to llama.cpp" export gguf ../unknown ../x.gguf
[ ! -e ../x.gguf ] && [ -z "$(find .. -name '*.tmp-*')" ] || fail "nothing is left of what was refused"

[ $failed -eq 0 ]

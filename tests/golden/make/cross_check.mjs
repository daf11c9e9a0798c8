// What rlhf writes, as the npm packages of others read it: node cross_check.mjs RLHF RANDOM_CHECKPOINT SOURCE_DIR, in a folder with
//   npm install --ignore-scripts @huggingface/gguf @huggingface/transformers
// RANDOM_CHECKPOINT is a target of the build.  What came of it stands in docs/formats.md, "Cross-checks".
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
const require = createRequire(path.join(process.cwd(), 'x.js'));
const { gguf } = await import(require.resolve('@huggingface/gguf'));
const { AutoTokenizer, env } = await import(require.resolve('@huggingface/transformers'));
const [rlhf, random, source] = process.argv.slice(2).map((p) => path.resolve(p));
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'cross-check-'));
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 });
const given = (input, program, ...args) => execFileSync(program, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'ignore'] });
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const kinds = path.join(source, 'tests/golden/tokenizers');
let wrong = 0;
const claim = (holds, what) => { if (!holds) { wrong++; console.log('DIFFERS:', what); } };
const same = (a, b, what) => claim(JSON.stringify(a) === JSON.stringify(b), `${what}: ${JSON.stringify(a)?.slice(0, 160)} and ${JSON.stringify(b)?.slice(0, 160)}`);
const count = {};
const counted = (name, n) => { count[name] = (count[name] ?? 0) + n; };

// ---- five families with random weights, exported by `export model` and in every type by `export gguf` ----
const rope = { num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, hidden_size: 64, intermediate_size: 96, max_position_embeddings: 64, hidden_act: 'silu', rms_norm_eps: 1e-6, rope_theta: 10000 };
const families = {
  gpt2: ['shake-gpt2', 1024, { n_layer: 2, n_head: 4, n_embd: 64, n_positions: 64, activation_function: 'gelu_new' }],
  llama: ['mini-llama3-style', 1468, { ...rope, tie_word_embeddings: false, rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 } }],
  mistral: ['mistral', 696, { ...rope, sliding_window: 32, tie_word_embeddings: false }],
  qwen2: ['mini-qwen2-style', 1461, { ...rope, tie_word_embeddings: true }],
  qwen3: ['mini-qwen2-style', 1461, { ...rope, head_dim: 32, tie_word_embeddings: true }],
};
const parts = { wte: 'token_embd', wpe: 'position_embd', ln_f: 'output_norm', embed_tokens: 'token_embd', norm: 'output_norm', lm_head: 'output', ln_1: 'attn_norm', ln_2: 'ffn_norm', 'attn.c_attn': 'attn_qkv', 'attn.c_proj': 'attn_output', 'mlp.c_fc': 'ffn_up', 'mlp.c_proj': 'ffn_down', input_layernorm: 'attn_norm', post_attention_layernorm: 'ffn_norm', 'self_attn.q_proj': 'attn_q', 'self_attn.k_proj': 'attn_k', 'self_attn.v_proj': 'attn_v', 'self_attn.o_proj': 'attn_output', 'self_attn.q_norm': 'attn_q_norm', 'self_attn.k_norm': 'attn_k_norm', 'mlp.gate_proj': 'ffn_gate', 'mlp.up_proj': 'ffn_up', 'mlp.down_proj': 'ffn_down' };
const inLlamaCpp = (name) => {
  const [, layer, part, kind] = name.match(/^(?:transformer\.|model\.)?(?:(?:h|layers)\.(\d+)\.)?(.*)\.(weight|bias)$/);
  return (layer === undefined ? '' : `blk.${layer}.`) + `${parts[part]}.${kind}`;
};
function tensorsOf(file) { // safetensors, read here: name -> dtype, shape, bytes
  const all = fs.readFileSync(file), n = Number(all.readBigUInt64LE(0)), header = JSON.parse(all.subarray(8, 8 + n).toString());
  delete header.__metadata__;
  for (const t of Object.values(header)) t.bytes = all.subarray(8 + n + t.data_offsets[0], 8 + n + t.data_offsets[1]);
  return header;
}
const floats = (b) => Array.from(new Float32Array(b.buffer.slice(b.byteOffset, b.byteOffset + b.length)));
// As llama.cpp wants them: GPT-2's matrices turned round, and rotary pairs of Llama's q and k side by side.
function expected(family, name, t, heads) {
  const x = floats(t.bytes), [rows, cols] = t.shape, out = new Array(x.length);
  if (/c_(attn|proj|fc)\.weight$/.test(name)) {
    for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) out[c * rows + r] = x[r * cols + c];
    return { shape: [rows, cols], x: out };
  }
  const shape = [...t.shape].reverse();
  if (!/^(llama|mistral)$/.test(family) || !/[qk]_proj\.weight$/.test(name)) return { shape, x };
  const half = rows / heads / 2;
  for (let r = 0; r < rows; r++) {
    const head = Math.floor(r / (2 * half)), at = r % (2 * half), to = head * 2 * half + (at % half) * 2 + Math.floor(at / half);
    for (let c = 0; c < cols; c++) out[to * cols + c] = x[r * cols + c];
  }
  return { shape, x: out };
}
const sizes = { 0: [1, 4], 1: [1, 2], 8: [32, 34], 30: [1, 2] }; // GGMLQuantizationType: numbers of a block, its bytes

async function checkGguf(family, folder, type) {
  const file = path.join(work, `${family}-${type}.gguf`), config = read(path.join(folder, 'config.json'));
  run(rlhf, 'export', 'gguf', folder, file, '--type', type);
  const { metadata: m, tensorInfos, tensorDataOffset } = await gguf(file, { allowLocalFile: true });
  const arch = family === 'mistral' ? 'llama' : family, where = `${family} ${type}`;
  same([m['general.architecture'], Number(m.tensor_count), m.version], [arch, tensorInfos.length, 3], `${where}: head`);
  same([m[`${arch}.block_count`], m[`${arch}.embedding_length`], m[`${arch}.attention.head_count`]],
    [config.num_hidden_layers ?? config.n_layer, config.hidden_size ?? config.n_embd, config.num_attention_heads ?? config.n_head], `${where}: sizes`);
  same([m['tokenizer.ggml.tokens'].length, m['tokenizer.ggml.token_type'].length], [config.vocab_size, config.vocab_size], `${where}: tokens`);
  const vocab = read(path.join(folder, 'tokenizer.json')).model.vocab;
  claim(Object.entries(vocab).every(([token, id]) => m['tokenizer.ggml.tokens'][id] === token || arch === 'llama'), `${where}: spellings`);
  const held = tensorsOf(path.join(folder, 'model.safetensors')), bytes = fs.readFileSync(file), base = Number(tensorDataOffset);
  const left = new Map(tensorInfos.map((t) => [t.name, t]));
  for (const [name, t] of Object.entries(held)) {
    const info = left.get(inLlamaCpp(name)), e = expected(family, name, t, name.includes('k_proj') ? config.num_key_value_heads : config.num_attention_heads);
    claim(info, `${where}: ${name} is there as ${inLlamaCpp(name)}`);
    if (!info) continue;
    left.delete(info.name);
    same(info.shape.map(Number), e.shape, `${where}: shape of ${name}`);
    if (info.dtype === 0) same(floats(bytes.subarray(base + Number(info.offset), base + Number(info.offset) + 4 * e.x.length)), e.x, `${where}: numbers of ${name}`);
  }
  same([...left.keys()].filter((n) => n !== 'rope_freqs.weight'), [], `${where}: no other tensors`);
  let at = 0; // one after the other, each on 32 bytes, up to the end of the file
  for (const t of [...tensorInfos].sort((a, b) => Number(a.offset - b.offset))) {
    const [block, size] = sizes[t.dtype], n = t.shape.map(Number).reduce((a, b) => a * b, 1);
    same(Number(t.offset), at, `${where}: offset of ${t.name}`);
    at = Math.ceil((at + (n / block) * size) / 32) * 32;
  }
  claim(base % 32 === 0 && bytes.length - base <= at && bytes.length - base > at - 32, `${where}: ${bytes.length - base} bytes of data, ${at} expected`);
  counted('gguf: tensors', tensorInfos.length);
}

for (const [family, [tokenizer, vocabulary, shape]] of Object.entries(families)) {
  const [made, folder] = [path.join(work, `${family}-made`), path.join(work, family)];
  fs.mkdirSync(path.join(work, 'config'), { recursive: true });
  fs.writeFileSync(path.join(work, 'config/config.json'), JSON.stringify({ model_type: family, vocab_size: vocabulary, ...shape }));
  run(random, path.join(work, 'config'), made, path.join(kinds, tokenizer));
  if (!fs.existsSync(path.join(made, 'tokenizer_config.json'))) fs.writeFileSync(path.join(made, 'tokenizer_config.json'), '{"bos_token":"<s>","eos_token":"</s>"}');
  run(rlhf, 'export', 'model', made, folder);
  for (const type of ['f32', 'f16', 'bf16', 'q8_0']) await checkGguf(family, folder, type);
}

// ---- tokenizers: AutoTokenizer over folders that `export model` wrote ----
// It is an engine of its own, in JavaScript: where it differs from the ids that the Rust engine gave, it is told of.
async function checkTokenizer(kind) {
  const cases = read(path.join(kinds, kind, 'vectors_hf.json')).cases.filter((c) => c.text);
  const { model, added_tokens } = read(path.join(kinds, kind, 'tokenizer.json'));
  const size = 1 + Math.max(...Object.values(model.vocab), ...added_tokens.map((a) => a.id));
  const made = path.join(work, `tokenizer-${kind}-made`), name = `tokenizer-${kind}`, folder = path.join(work, name);
  fs.writeFileSync(path.join(work, 'config/config.json'), JSON.stringify({ model_type: 'llama', ...rope, vocab_size: size, num_hidden_layers: 1 }));
  run(random, path.join(work, 'config'), made, path.join(kinds, kind));
  if (!fs.existsSync(path.join(made, 'tokenizer_config.json'))) fs.writeFileSync(path.join(made, 'tokenizer_config.json'), '{"tokenizer_class":"PreTrainedTokenizerFast"}');
  run(rlhf, 'export', 'model', made, folder);
  env.allowRemoteModels = false, env.localModelPath = work;
  const theirs = await AutoTokenizer.from_pretrained(name, { local_files_only: true });
  for (const { text, ids } of cases) {
    same(JSON.parse(given(text, rlhf, '--json', 'tokenize', '--model', folder, '--special')).ids, ids, `${kind}: ${JSON.stringify(text)}`);
    if (JSON.stringify(theirs.encode(text, { add_special_tokens: false })) !== JSON.stringify(ids)) counted(`tokenizer: @huggingface/transformers differs from the Rust engine, ${kind}`, 1);
  }
  counted('tokenizer: texts', cases.length);
}
for (const kind of fs.readdirSync(kinds)) await checkTokenizer(kind);

console.log(count, wrong ? `${wrong} differ` : 'all agree');
fs.rmSync(work, { recursive: true });
process.exit(wrong ? 1 : 0);

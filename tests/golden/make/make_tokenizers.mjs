// Small tokenizers of the published kinds, and what Hugging Face's engine makes of texts with them:
//   npm install tokenizers && node make_tokenizers.mjs OUTDIR       (in a folder where that package is)
// The engine normalizes, pre-tokenizes, encodes and decodes; the merges are learned here.  Everything is
// drawn from SEED, so a second run writes the same bytes.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(path.join(process.cwd(), 'x.js'));
const { Tokenizer } = require('tokenizers');
const version = JSON.parse(fs.readFileSync(
  path.join(path.dirname(require.resolve('tokenizers')), 'package.json'))).version;
const SEED = 20240607, MERGES = 300, RANDOM_TEXTS = 60;

let state = BigInt(SEED);
const below = (n) => {
  state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
  return Number((state >> 33n) % BigInt(n));
};
const pick = (list) => list[below(list.length)];

const CORPUS = `The cat sat on the mat; the cat's hat wasn't there. They'll say we've seen that before, haven't they?
It is the time of the year when the rain comes in from the sea, and the streets of the town are wet all day.
"What is it that you want?" asked the old man. "I want the same thing that everyone wants," said the other.
def count(words):\n    total = 0\n    for word in words:\n        if word.isalpha():\n            total += 1\n    return total
int main(void)\n{\n\tprintf("%d\\n", 1234567);\n\treturn 0;\n}
In 2023 there were 1,234 of them, in 2024 there were 98765; that is 8000% more. x = 3.14159 * r**2
Die Straße ist naß, größer als früher. L'été dernier, où étiez-vous? El niño comió piñas mañana.
Привет, мир! Как дела? Это новый день, и он лучше, чем прежний.
今天天气很好,我们去公园吧。日本語の文章も少しあります。カタカナも。안녕하세요 세계
السلام عليكم, שלום עולם, नमस्ते दुनिया, สวัสดีชาวโลก 🙂🙃👍🏽
`.repeat(2);

function byteAlphabet() {
  const printable = (b) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
}

// words: Map from word to count.  The most frequent pair first, of equal ones the first in order.
function learn(words, n, split) {
  const list = [...words].map(([word, count]) => ({ symbols: split(word), count }));
  const merges = [];
  while (merges.length < n) {
    const counts = new Map();
    for (const { symbols, count } of list)
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair = JSON.stringify([symbols[i], symbols[i + 1]]);
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    const best = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0];
    if (!best || best[1] < 2) break;
    const [left, right] = JSON.parse(best[0]);
    merges.push([left, right]);
    for (const w of list)
      for (let i = 0; i + 1 < w.symbols.length; i++)
        if (w.symbols[i] === left && w.symbols[i + 1] === right) w.symbols.splice(i, 2, left + right);
  }
  return merges;
}

const file = (spec, vocab, merges, added) => ({
  version: '1.0', truncation: null, padding: null, added_tokens: added,
  normalizer: spec.normalizer ?? null, pre_tokenizer: spec.pre_tokenizer ?? null,
  post_processor: spec.post_processor?.((name) => added.find((t) => t.content === name).id) ?? null,
  decoder: spec.decoder ?? null,
  model: { type: 'BPE', dropout: null, unk_token: spec.unk ?? null, continuing_subword_prefix: null,
    end_of_word_suffix: null, fuse_unk: spec.fuse_unk ?? false, byte_fallback: spec.byte_fallback ?? false,
    ignore_merges: spec.ignore_merges ?? false, vocab, merges },
});

function countWords(spec) {
  const probe = Tokenizer.fromString(JSON.stringify(file(spec, { a: 0 }, [], [{ id: 1, content: '<s>', single_word: false,
    lstrip: false, rstrip: false, normalized: false, special: true }, ...spec.added.filter((t) => t.content !== '<s>').map((t, i) =>
    ({ id: i + 2, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...t }))])));
  const normalizer = probe.getNormalizer(), pre = probe.getPreTokenizer(), words = new Map();
  for (const line of CORPUS.split(/(?<=\n)/)) {
    const text = normalizer ? normalizer.normalizeString(line) : line;
    const pieces = pre && !spec.whole ? pre.preTokenizeString(text).map(([w]) => w)
      : text.replaceAll(' ', '▁').split(/(?=▁)/);
    for (const w of pieces) words.set(w, (words.get(w) ?? 0) + 1);
  }
  return words;
}

function build(spec) {
  const bytes = byteAlphabet(), words = countWords(spec), vocab = {};
  const merges = learn(words, spec.merges ?? MERGES, (word) => [...word]);
  let id = 0;
  for (const t of spec.added) if (t.first) vocab[t.content] = id++;
  if (spec.byte_fallback)
    for (let b = 0; b < 256; b++) vocab[`<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`] = id++;
  if (spec.whole || spec.characters) {
    const counts = new Map();
    for (const [w, n] of words) for (const c of w) counts.set(c, (counts.get(c) ?? 0) + n);
    for (const c of [...counts.keys()].sort()) if (c !== '\n' && c !== '🙃' && !(c in vocab)) vocab[c] = id++;
  } else {
    for (const c of bytes) vocab[c] = id++;
  }
  const kept = merges.filter(([a, b]) => a in vocab && b in vocab && (vocab[a + b] ??= id++) >= 0);
  for (const w of spec.words ?? []) vocab[w] ??= id++;
  const added = spec.added.map(({ first, ...t }) => ({ id: vocab[t.content] ?? id++, content: t.content,
    single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...t }));
  return file(spec, vocab, spec.asText ? kept.map((m) => m.join(' ')) : kept, added);
}

// ---- the kinds ---------------------------------------------------------------------------------

const byteLevel = (o) => ({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true, ...o });
const split = (regex, behavior = 'Isolated', invert = false) =>
  ({ type: 'Split', pattern: { Regex: regex }, behavior, invert });
const sequence = (...pretokenizers) => ({ type: 'Sequence', pretokenizers });
const begin = (bos) => (id) => ({ type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: { [bos]: { id: bos, ids: [id(bos)], tokens: [bos] } } });
const sentencepiece = { type: 'Sequence', decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' },
  { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] };
const CODE = '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+'
  + '| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const GPT4O = ["[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
  '\\p{N}{1,3}', ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*', '\\s*[\\r\\n]+', '\\s+(?!\\S)', '\\s+'].join('|');
const llama3 = (digits) => "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + digits
  + '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const llamaTokens = [{ content: '<unk>', first: true }, { content: '<s>', first: true }, { content: '</s>', first: true }];

const SPECS = {
  'llama-3': { added: ['<|begin_of_text|>', '<|end_of_text|>', '<|eot_id|>'].map((content) => ({ content })), ignore_merges: true,
    asText: true, words: ['Ġunreachable', '123', "'ll"],
    pre_tokenizer: sequence(split(llama3('\\p{N}{1,3}')), byteLevel({ use_regex: false })), decoder: byteLevel(),
    post_processor: (id) => ({ type: 'Sequence', processors: [byteLevel({ trim_offsets: false }), begin('<|begin_of_text|>')(id)] }) },
  qwen2: { added: [{ content: '<|endoftext|>' }, { content: '<|im_start|>' }, { content: '<tool_call>', special: false }], asText: true,
    normalizer: { type: 'NFC' }, pre_tokenizer: sequence(split(llama3('\\p{N}')), byteLevel({ use_regex: false, trim_offsets: false })),
    post_processor: () => byteLevel({ trim_offsets: false }), decoder: byteLevel() },
  starcoder: { added: ['<|endoftext|>', '<fim_prefix>', '<fim_suffix>'].map((content) => ({ content, first: true })),
    pre_tokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel()), decoder: byteLevel({ add_prefix_space: true }),
    unk: '<|endoftext|>' },
  deepseek: { added: [{ content: '<｜begin▁of▁sentence｜>', normalized: true }, { content: '<｜end▁of▁sentence｜>', normalized: true },
    { content: '<｜User｜>', special: false }],
    normalizer: { type: 'Sequence', normalizers: [] },
    pre_tokenizer: sequence(split('[\r\n]'), split('\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅ]+'),
      split('\\s?[!-/:-~！-／：-～‘-‟\u3000-。]+'), split('\\s+$'), split('[一-龥ࠀ-一가-퟿]+'),
      { type: 'Digits', individual_digits: true }, byteLevel({ use_regex: false })),
    post_processor: begin('<｜begin▁of▁sentence｜>'), decoder: byteLevel() },
  'deepseek-v3': { added: [{ content: '<｜begin▁of▁sentence｜>' }, { content: '<｜end▁of▁sentence｜>' }],
    normalizer: { type: 'Sequence', normalizers: [] },
    pre_tokenizer: sequence(split('\\p{N}{1,3}'), split('[一-龥぀-ゟ゠-ヿ]+'), split(CODE), byteLevel({ use_regex: false })),
    decoder: byteLevel() },
  'gpt-neox': { added: [{ content: '<|endoftext|>', first: true }, { content: '<|padding|>', first: true },
    ...[2, 3, 4, 8].map((n) => ({ content: ' '.repeat(n), normalized: true, special: false }))],
    normalizer: { type: 'NFC' }, pre_tokenizer: byteLevel({ add_prefix_space: false }), post_processor: null, decoder: byteLevel() },
  falcon: { added: ['>>TITLE<<', '>>ABSTRACT<<', '<|endoftext|>'].map((content) => ({ content, first: true })),
    pre_tokenizer: sequence({ type: 'Punctuation', behavior: 'Contiguous' }, byteLevel({ use_regex: true }),
      { type: 'Digits', individual_digits: false }, split('[0-9][0-9][0-9]')), decoder: byteLevel({ add_prefix_space: false }) },
  'gpt-4o': { added: [{ content: '<|endoftext|>' }], ignore_merges: true, words: ['unreachable', 'Ġunreachable', '123', 'Ã©tÃ©'],
    pre_tokenizer: sequence(split(GPT4O), byteLevel({ use_regex: false })), decoder: byteLevel(),
    post_processor: () => byteLevel({ trim_offsets: false }) },
  'llama-2': { added: llamaTokens, whole: true, byte_fallback: true, fuse_unk: true, unk: '<unk>', asText: true,
    normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] },
    post_processor: begin('<s>'), decoder: sentencepiece },
  mistral: { added: [...llamaTokens, { content: '[INST]', first: true }, { content: '[/INST]', first: true }], whole: true,
    byte_fallback: true, fuse_unk: true, unk: '<unk>',
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false },
    post_processor: begin('<s>'), decoder: sentencepiece },
  metaspace: { added: llamaTokens, characters: true, unk: '<unk>', pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true } },
  flags: { added: [{ content: '<s>' }, { content: '</s>' }, { content: '<mask>', lstrip: true }, { content: '<right>', rstrip: true },
    { content: 'cat', single_word: true, special: false }, { content: 'été', normalized: true, special: false },
    { content: '<both>', lstrip: true, rstrip: true, special: false }],
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }, { type: 'Strip', strip_left: true, strip_right: true },
      { type: 'Replace', pattern: { Regex: '\\d{4,}' }, content: '#' }] },
    pre_tokenizer: sequence(split('[,;]', 'MergedWithPrevious'), split('-', 'MergedWithNext'), split('\\w+', 'Contiguous', true),
      split('_', 'Removed'), byteLevel({ add_prefix_space: true })),
    post_processor: (id) => ({ type: 'RobertaProcessing', sep: ['</s>', id('</s>')], cls: ['<s>', id('<s>')], trim_offsets: true, add_prefix_space: true }),
    decoder: byteLevel() },
};

// ---- texts -------------------------------------------------------------------------------------

const TEXTS = ['', ' ', '  ', '\n', '\n\n', ' \n', '\t\t x', 'a', 'Hello world', ' Hello  world ', "I'll say it's we'Ve THEY'RE",
  'the cat sat on the mat, the cat-cat; cat_cat cats cat', 'x'.repeat(50), ' '.repeat(30), 'a' + ' '.repeat(9) + 'b', '1234567890', 'a1b22c333d4444',
  '3.14159 1,000,000 2²³ ½ ⅷ ١٢٣ १२३', 'été e\u0301te\u0301 ÉTÉ ﬁne Ⅷ ①', 'Straße ẞ İstanbul ıi ſ ΑΣ', '今天天气很好。日本語の文章 カタカナ 안녕하세요',
  'Привет, мир!', '🙂🙃 👍🏽 👨‍👩‍👧 🏳️‍🌈', 'السلام عليكم שלום नमस्ते สวัสดี', 'def f(x):\n    return x**2  # ok\n\n\n    pass', 'a\r\nb\rc\n\r\n  \r\n d',
  'nbsp\u00a0here\u2009thin\u3000wide\u2028line\u0085next\u180e\u200b\u200d\ufeff', '«quoted» “curly” ‘single’ — dash … ¿qué?', '$+<=>^`|~ !"#%&\'()*,-./:;?@[\\]_{}',
  '▁▁a ▁ b', '<0x0A> <0xE4>', '\u0000\u0001\u007f', 'a<s>b</s> c <s><s>', '<unk>x<unk>', '[INST] hi [/INST]there', ' <mask> x <mask>y  <right>  z<right> ',
  'the <both> cat <both><both>', 'ete été ÉTÉ cafÉTÉ', '<|endoftext|>a<|endoftext|> b', '>>TITLE<<x', '<｜begin▁of▁sentence｜>hi<｜User｜> yo', 'unreachable unreachable été 123 1234',
  '\ud7ff\ue000\uffff', '\u{10ffff}\u{1f468}\u{10000}', 'ｶﾞｷﾞ ㍿ ﷺ', '각각 각', 'a\u0315\u0300\u05ae\u0300b', 'http://example.org/a_b?c=d&e=f', 'CamelCaseWordsHTTPServer iPhone', 'tab\tsep\t\t\tthree'];
const PIECES = ['the', ' cat', 'Cat', ' ', '  ', '\n', '\r\n', '\t', "'s", "'LL", '1', '42', '1234', '٣', '²', 'é', 'e\u0301', 'ß', 'ж', '漢字', 'か', '한', '🙂', '\u200d', '\ufe0f',
  '.', ',', ';', '-', '_', '!?', '«', '—', '▁', '<s>', '</s>', '<unk>', '<mask>', '<right>', '<both>', '[INST]', '<|endoftext|>', '   ', '\u00a0', '\u2028', '\u3000', 'ÉTÉ', 'ﬁ', '\u0301', 'ก', 'ि', '\u{10400}', '\u0000', '$', '+', '`', '#', 'ſ', 'K', 'İ', '<0x41>'];
const randomText = () => Array.from({ length: 1 + below(12) }, () => pick(PIECES)).join('');

async function vectors(json) {
  const t = Tokenizer.fromString(json), size = t.getVocabSize(true), cases = [], decodes = [];
  for (const text of [...TEXTS, ...Array.from({ length: RANDOM_TEXTS }, randomText)]) {
    const ids = (await t.encode(text, null, { addSpecialTokens: false })).getIds();
    const whole = (await t.encode(text, null, { addSpecialTokens: true })).getIds();
    const decoded = await t.decode(ids, false), plain = await t.decode(ids, true);
    cases.push({ text, ids, ...(`${ids}` === `${whole}` ? {} : { ids_with_special: whole }),
      ...(decoded === text ? {} : { decoded }), ...(plain === decoded ? {} : { decoded_skip_special: plain }) });
  }
  for (let i = 0; i < 40; i++) {
    const ids = Array.from({ length: 1 + below(9) }, () => below(i % 2 ? Math.min(size, 300) : size));
    decodes.push({ ids, decoded: await t.decode(ids, false), decoded_skip_special: await t.decode(ids, true) });
  }
  const lines = (list) => list.map((c) => JSON.stringify(c)).join(',\n');
  return `{"engine":"huggingface/tokenizers ${version} (npm package tokenizers)",\n"cases":[\n${lines(cases)}\n],\n"decode_cases":[\n${lines(decodes)}\n]}\n`;
}

for (const [name, spec] of Object.entries(SPECS)) {
  const folder = path.join(process.argv[2], name), json = JSON.stringify(build(spec));
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'tokenizer.json'), json + '\n');
  fs.writeFileSync(path.join(folder, 'vectors_hf.json'), await vectors(json));
  console.log(name, Tokenizer.fromString(json).getVocabSize(true));
}

// One cache for rlhf and @huggingface/hub, filled by either: node cross_check_hub.mjs RLHF SOURCE_DIR, in a folder with
//   npm install --ignore-scripts @huggingface/hub
// What came of it stands in docs/formats.md, "Cross-checks".
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
const require = createRequire(path.join(process.cwd(), 'x.js'));
const hub = await import(require.resolve('@huggingface/hub'));
const [rlhf, source] = process.argv.slice(2).map((p) => path.resolve(p));
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'cross-check-hub-'));
console.debug = () => {};
let wrong = 0;
const same = (a, b, what) => { if (JSON.stringify(a) !== JSON.stringify(b)) { wrong++; console.log(`DIFFERS: ${what}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`); } };

// ---- a hub: what both ask for ----
const commits = ['a', 'b'].map((letter) => letter.repeat(40));
const exported = path.join(work, 'exported'), file = (name) => fs.readFileSync(path.join(exported, name));
fs.writeFileSync(path.join(work, 'corpus.txt'), 'the lamp is broken\n'.repeat(200));
for (const command of ['init PROJECT', 'pretrain corpus.txt --project PROJECT --config TINY --set pretrain.steps=1', 'export model base exported --project PROJECT'])
  execFileSync(rlhf, command.replace('PROJECT', 'project').replace('TINY', path.join(source, 'configs/tiny.json')).split(' '), { cwd: work, stdio: 'ignore' });
const model = { 'config.json': file('config.json'), 'model.safetensors': file('model.safetensors'), 'tokenizer.json': file('tokenizer.json'), 'tokenizer_config.json': file('tokenizer_config.json'), 'onnx/read me.md': Buffer.from('# hi\n') };
const repos = {
  'models/org/name': { [commits[0]]: model, [commits[1]]: { ...model, 'config.json': Buffer.concat([model['config.json'], Buffer.from('\n')]) }, main: commits[0] },
  'datasets/org/texts': { [commits[0]]: { 'data/a.jsonl': Buffer.from('{"prompt":"a"}\n') }, main: commits[0] },
};
const large = (name) => name.endsWith('.safetensors');
const oid = (b) => createHash('sha1').update(`blob ${b.length}\0`).update(b).digest('hex');
const sha256 = (b) => createHash('sha256').update(b).digest('hex');
const hash = (name, b) => (large(name) ? sha256(b) : oid(b));
const entry = (name, b, commit) => ({ type: 'file', path: name, size: b.length, oid: oid(b), ...(large(name) && { lfs: { oid: sha256(b), size: b.length, pointerSize: 130 } }), lastCommit: { id: commit, title: '', date: '2026-01-01T00:00:00.000Z' } });
let contents = 0; // files that were sent, not looked at
function answer(request, response, body) {
  const json = (value) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  const url = new URL(request.url, 'http://x'), [, kind, id, what, rest] = url.pathname.match(/^\/api\/(models|datasets)\/([^/]+\/[^/]+)(?:\/(revision|tree|paths-info)\/(.*))?$/) ?? [];
  if (kind) {
    const repo = repos[`${kind}/${id}`], commit = repo[rest] && typeof repo[rest] === 'string' ? repo[rest] : rest ?? repo.main, files = repo[commit];
    if (what === 'tree') return json(Object.entries(files).map(([n, b]) => entry(n, b, commit)));
    if (what === 'paths-info') return json(JSON.parse(body).paths.map((n) => entry(n, files[n], commit)));
    return json({ _id: '1', id, sha: commit, private: false, gated: false, downloads: 0, likes: 0, lastModified: '2026-01-01T00:00:00.000Z', siblings: Object.entries(files).map(([n, b]) => ({ rfilename: n, size: b.length, blobId: oid(b), ...(large(n) && { lfs: { sha256: sha256(b), size: b.length, pointerSize: 130 } }) })) });
  }
  const [, set, repoId, revision, name] = decodeURI(url.pathname).match(/^\/(datasets\/)?([^/]+\/[^/]+)\/(?:resolve|raw)\/([^/]+)\/(.*)$/);
  const repo = repos[`${set ?? 'models/'}${repoId}`], commit = repo[revision] && typeof repo[revision] === 'string' ? repo[revision] : revision, b = repo[commit][name];
  const headers = { ETag: `"${hash(name, b)}"`, 'X-Repo-Commit': commit, 'Accept-Ranges': 'bytes', ...(large(name) && { 'X-Linked-Etag': `"${hash(name, b)}"`, 'X-Linked-Size': b.length }) };
  const range = request.headers.range?.match(/^bytes=(\d+)-(\d*)$/);
  if (request.method === 'HEAD') return response.writeHead(200, { ...headers, 'Content-Length': b.length }).end();
  const [from, to] = range ? [+range[1], range[2] ? Math.min(+range[2], b.length - 1) : b.length - 1] : [0, b.length - 1];
  if (!(range && to === 0)) contents++;
  response.writeHead(range ? 206 : 200, { ...headers, 'Content-Length': to - from + 1, ...(range && { 'Content-Range': `bytes ${from}-${to}/${b.length}` }) }).end(b.subarray(from, to + 1));
}
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (d) => (body += d)).on('end', () => { try { answer(request, response, body); } catch (e) { console.log('server:', request.method, request.url, e.message); response.writeHead(500).end(); } });
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const hubUrl = `http://127.0.0.1:${server.address().port}`;
const pull = (cacheDir, ...args) => new Promise((done, fail) => execFile(rlhf, ['--json', ...args], { env: { ...process.env, HF_ENDPOINT: hubUrl, HF_HUB_CACHE: cacheDir, HF_TOKEN: '', HF_HOME: path.join(work, 'home') } }, (e, out, err) => (e ? fail(new Error(err)) : done(JSON.parse(out)))));
const tree = (dir) => fs.readdirSync(dir, { recursive: true, withFileTypes: true }).map((f) => {
  const p = path.join(f.parentPath ?? f.path, f.name);
  return [path.relative(dir, p), f.isSymbolicLink() ? fs.readlinkSync(p) : f.isFile() ? sha256(fs.readFileSync(p)) : 'folder'];
}).filter(([name]) => !/^(\.locks|CACHEDIR\.TAG)/.test(name)).sort();
const shown = (scan) => scan.repos.map((r) => [r.id, r.size, r.revisions.map((v) => [v.commitOid, v.refs, v.files.map((f) => path.basename(f.path)).sort()])]);

// ---- the same cache, whoever filled it ----
const [A, B] = ['a', 'b'].map((n) => path.join(work, n));
const repo = { type: 'model', name: 'org/name' }, texts = { type: 'dataset', name: 'org/texts' };
const pulled = await pull(A, 'pull', 'org/name', '--file', '*');
await pull(A, 'pull', 'org/texts', '--dataset');
same(await hub.snapshotDownload({ repo, hubUrl, cacheDir: B }), path.join(B, path.relative(A, pulled.path)), 'the folder of the snapshot');
await hub.snapshotDownload({ repo: texts, hubUrl, cacheDir: B });
same(tree(A), tree(B), 'blobs, references, snapshots and links');
const [scanA, scanB] = [await hub.scanCacheDir(A), await hub.scanCacheDir(B)];
same([scanA.warnings, scanA.size, shown(scanA)], [[], scanB.size, shown(scanB)], 'scanCacheDir');

// ---- neither brings what the other has ----
contents = 0;
same(await hub.snapshotDownload({ repo, hubUrl, cacheDir: A }), pulled.path, 'what rlhf pulled, to @huggingface/hub');
same(await hub.downloadFileToCacheDir({ repo, path: 'config.json', hubUrl, cacheDir: A }), path.join(pulled.path, 'config.json'), 'one file of it');
same((await pull(B, 'pull', 'org/name', '--file', '*')).brought, 0, 'what @huggingface/hub brought, to rlhf');
same((await pull(B, 'pull', 'org/name', '--verify')).damaged, [], 'its hashes');
same((await pull(B, '--offline', 'inspect', 'org/name')).family, 'llama', 'its model');
same(contents, 0, 'files that came twice');

// ---- the branch moves: only what changed comes, and both see both ----
repos['models/org/name'].main = commits[1];
await pull(B, 'pull', 'org/name', '--file', '*');
same(contents, 1, 'files of the next commit');
await hub.snapshotDownload({ repo, hubUrl, cacheDir: A });
same(contents, 2, 'files of the next commit, to @huggingface/hub');
same(tree(A), tree(B), 'two commits');
same(shown(await hub.scanCacheDir(B))[1][2].map(([commit, refs]) => [commit, refs]), [[commits[0], []], [commits[1], ['main']]], 'its references');

// ---- the header of the weights ----
const meta = await hub.parseSafetensorsMetadata({ repo, hubUrl });
const b = model['model.safetensors'], header = JSON.parse(b.subarray(8, 8 + Number(b.readBigUInt64LE(0))));
same(meta.header, header, 'the header of model.safetensors');
server.close();
console.log(wrong ? `${wrong} differ` : 'all agree');
fs.rmSync(work, { recursive: true });
process.exit(wrong ? 1 : 0);

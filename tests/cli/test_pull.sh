#!/usr/bin/env bash
# rlhf pull: the cache it leaves, faults of the hub and of what is in between, and names of pulled models.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
. "$SOURCE_DIR/tests/cli/hub.sh"
commit=$(printf 'a%.0s' $(seq 40)) older=$(printf 'b%.0s' $(seq 40))
cache=$HF_HOME/hub

cp "$SOURCE_DIR"/tests/golden/gpt2-tiny/{config.json,model.safetensors} files/
mkdir files/onnx && echo not wanted >files/onnx/model.onnx && echo '# tiny' >files/README.md
all=(README.md config.json model.safetensors onnx/model.onnx)
listing models/org/tiny main "$commit" "${all[@]}"
weights=$(hash_of files/model.safetensors) config=$(hash_of files/config.json) card=$(hash_of files/README.md)
size=$(wc -c <files/model.safetensors)

forget() { rm -rf "$HF_HOME" && : >hub.log && : >store.log && : >faults; }
asked() { [ "$(grep -c -- "$2" "$1.log")" -eq "$3" ] || fail "$4: $3 requests like $2, not $(cat "$1.log")"; } # NAME PATTERN N CLAIM
one_line() { [ "$(grep -c . err)" -le 2 ] || fail "$1 is one line and what to do"; }
whole() { # CLAIM: the snapshot is there and has the right bytes
    exits 0 "$1"
    cmp -s files/model.safetensors "$cache/models--org--tiny/snapshots/$commit/model.safetensors" || fail "$1: the bytes are right"
    [ -z "$(find "$cache" -name '*.incomplete' -o -name '*.tmp-*')" ] || fail "$1 leaves no part"
}
nothing_kept() { # CLAIM: neither a wrong blob nor a revision that names it
    [ ! -e "$cache/models--org--tiny/blobs/$weights" ] || fail "$1: no blob is there"
    [ ! -e "$cache/models--org--tiny/refs/main" ] || fail "$1: the revision names nothing"
}

# ---- the cache is as huggingface_hub makes it ----
forget
run pull org/tiny
whole "a pull"
[ "$(cat out)" = "$cache/models--org--tiny/snapshots/$commit" ] || fail "the folder is printed"
says "org/tiny@main is aaaaaaaaaaaa: 3 files"
(cd "$cache" && find . -type f -printf '%P\n' -o -type l -printf '%P -> %l\n' | LC_ALL=C sort) >tree
LC_ALL=C sort >expected <<END
.locks/models--org--tiny/$card.lock
.locks/models--org--tiny/$config.lock
.locks/models--org--tiny/$weights.lock
CACHEDIR.TAG
models--org--tiny/blobs/$card
models--org--tiny/blobs/$config
models--org--tiny/blobs/$weights
models--org--tiny/refs/main
models--org--tiny/snapshots/$commit/README.md -> ../../blobs/$card
models--org--tiny/snapshots/$commit/config.json -> ../../blobs/$config
models--org--tiny/snapshots/$commit/model.safetensors -> ../../blobs/$weights
END
diff tree expected || fail "the tree of the cache"
[ "$(head -c 43 "$cache/CACHEDIR.TAG")" = "Signature: 8a477f597d28d172789f06886806bc55" ] || fail "backups are told that it is a cache"
printf %s "$commit" | cmp -s - "$cache/models--org--tiny/refs/main" || fail "refs/main is 40 digits and no newline"
asked hub "GET /org/tiny/resolve/$commit/config.json none" 1 "a file is asked for by its commit"

: >hub.log && : >store.log
run --json pull org/tiny
exits 0 "a second pull"
[ "$(cat out)" = "{\"repo\":\"org/tiny\",\"revision\":\"main\",\"commit\":\"$commit\",\"path\":\"$cache/models--org--tiny/snapshots/$commit\",\"files\":[\"README.md\",\"config.json\",\"model.safetensors\"],\"bytes\":$((size + $(cat files/README.md files/config.json | wc -c))),\"brought\":0}" ] || fail "the object of a pull"
[ "$(cat hub.log store.log | wc -l)" -eq 1 ] || fail "a second pull asks for the listing alone"

run pull org/tiny --file 'onnx/*'
exits 0 "a pull of other files"
[ "$(readlink "$cache/models--org--tiny/snapshots/$commit/onnx/model.onnx")" = "../../../blobs/$(hash_of files/onnx/model.onnx)" ] || fail "a link from a folder goes up one more"
refused 1 "matches 'model.safetensor'; did you mean: model.safetensors" pull org/tiny --file model.safetensor

# ---- a pulled model is a model ----
run logprobs --model org/tiny --ids 1,2,3
cp out by_name
run logprobs --model files --ids 1,2,3
exits 0 "logprobs of a pulled model"
cmp -s out by_name || fail "a pulled model is the same model"
run logprobs --model "org/tiny@$commit" --ids 1,2,3
exits 0 "a pulled model by its commit"
must init project --base org/tiny
grep -q "models--org--tiny/snapshots/$commit" project/project.json || fail "init --base takes a pulled model"
must --project project logprobs --ids 1,2,3
says "model: base = org/tiny@$commit"
must --project project status
prints_like "^  base +org/tiny@$commit\$" "a pulled base is called by its name"
refused 1 "org/tini: no such folder, and no model of that name was pulled; did you mean: org/tiny" logprobs --model org/tini --ids 1
says "rlhf pull org/tini"
refused 1 "no model of that name was pulled" logprobs --model org/tiny@v2 --ids 1

# ---- what was pulled is verified against its names ----
: >hub.log
blobs=$cache/models--org--tiny/blobs
run pull --verify org/tiny
exits 0 "what was pulled is sound"
prints "sound: 4 files"
cp "$blobs/$weights" kept
printf 'wxyz' | dd of="$blobs/$weights" bs=1 seek=5000 conv=notrunc 2>/dev/null
printf '#' | dd of="$blobs/$card" bs=1 seek=1 conv=notrunc 2>/dev/null
changed=$(sha256sum <"$blobs/$weights" | cut -d' ' -f1)
run pull org/tiny
exits 0 "a pull alone trusts a blob of the right size"
: >hub.log
refused 1 "2 of 4 files of org/tiny@main are not what the hub gave" pull --verify org/tiny
says "remove those paths, then: rlhf pull org/tiny@main"
says "model.safetensors: $blobs/$weights has SHA-256 $changed"
says "README.md: $blobs/$card has the git hash"
run --json pull --verify org/tiny --file 'model*'
exits 1 "one changed file"
says "1 of 1 file of org/tiny@main is not"
[ "$(cat out)" = "{\"repo\":\"org/tiny\",\"revision\":\"main\",\"commit\":\"$commit\",\"files\":1,\"bytes\":$size,\"damaged\":[{\"file\":\"model.safetensors\",\"path\":\"$blobs/$weights\",\"reason\":\"has SHA-256 $changed\"}]}" ] || fail "the object of a verify"
rm "$blobs/$weights" "$blobs/$card"
refused 1 "2 of 4 files" pull --verify org/tiny
says "model.safetensors: $blobs/$weights is not there"
refused 1 "the blob of README.md is not there any more" --offline pull org/tiny
[ ! -s hub.log ] || fail "verify asks nobody"
must pull org/tiny
run pull --verify org/tiny
exits 0 "what was removed was brought again"
rm "$cache/models--org--tiny/snapshots/$commit/config.json" && cp files/config.json "$cache/models--org--tiny/snapshots/$commit/config.json"
refused 1 "1 of 4 files" pull --verify org/tiny
says "is no link to a blob"
must pull org/tiny
run pull --verify org/tiny
exits 0 "a copy gives way to a link"
refused 1 "other/one at revision main is not in the cache" pull --verify other/one

# ---- without the network ----
: >hub.log
for offline in --offline HF_HUB_OFFLINE=1; do
    case $offline in --*) flags=(--offline) ;; *) export "${offline?}" && flags=() ;; esac
    run "${flags[@]}" pull org/tiny
    exits 0 "a pull of what is there, $offline"
    prints "snapshots/$commit"
    refused 1 "other/one at revision main is not in the cache" "${flags[@]}" pull other/one
    says "${offline%=1} forbids"
done
unset HF_HUB_OFFLINE
[ ! -s hub.log ] || fail "nobody is asked"
if strace -o trace -f -e trace=socket true 2>/dev/null; then
    strace -o trace -f -e trace=socket "$RLHF" --offline pull org/tiny >out 2>err
    grep -q socket trace && fail "--offline opens no socket: $(cat trace)"
fi

# ---- the token ----
forget
export HF_TOKEN=hf_abc
run pull org/tiny
whole "a pull with a token"
asked hub ' hf_abc ' 4 "the hub is told the token"
asked store ' none ' 1 "the store is not"
asked store hf_abc 0 "the store is not"
grep -rq hf_abc "$HF_HOME" out err && fail "the token is written nowhere"
unset HF_TOKEN
forget
mkdir -p "$HF_HOME" && echo hf_of_file >"$HF_HOME/token"
run pull org/tiny --file README.md
asked hub ' hf_of_file ' 2 "the token of the file"
forget
HF_TOKEN=hf_abc HF_HUB_DISABLE_IMPLICIT_TOKEN=1 run pull org/tiny
whole "a pull without an implicit token"
asked hub ' none ' 4 "the token is sent to nobody"
HF_HUB_DISABLE_IMPLICIT_TOKEN=0 HF_TOKEN=hf_abc run pull org/tiny
asked hub ' hf_abc ' 1 "0 is not set"
HF_TOKEN=$'hf_a\nX-B: c' run pull org/tiny
exits 1 "a token of two lines"
says "HF_TOKEN: holds no token"

# ---- faults: all is well in the end ----
rest='^GET /model.safetensors?Signature=abc none 1000$'
# survives CLAIM FAULT...: one fault a line
survives() {
    local claim=$1
    shift
    forget
    printf '%s\n' "$@" >faults
    run pull org/tiny
    whole "$claim"
    [ ! -s faults ] || fail "$claim: it happened"
}
survives "a connection cut by the store" 'store cut 1000'
asked store "$rest" 1 "the rest alone is asked for"
survives "a busy hub that says for how long" 'hub status 429 Too Many Requests|Retry-After: 1'
survives "a store without ranges" 'store cut 1000' 'store norange'
survives "a store that mixes up ranges" 'store cut 1000' 'store badrange'
survives "a store that breaks" 'store status 502 Bad Gateway'
survives "a repository that was renamed" 'hub.*config to /org/renamed/resolve/'"$commit"'/config.json'

# ---- faults that end it ----
# ends CLAIM WORDS FAULT...
ends() {
    local claim=$1 words=$2
    shift 2
    forget
    printf '%s\n' "$@" >faults
    refused 1 "$words" pull org/tiny
    one_line "$claim"
    nothing_kept "$claim"
}
ends "wrong bytes" "has SHA-256" 'store wrong'
[ -z "$(find "$cache" -name '*.incomplete')" ] || fail "wrong bytes are removed"
ends "wrong bytes of a small file" "has the git hash" 'hub.*config wrong'
ends "a page instead of the file" "bytes, expected" 'store html'
ends "a file compressed although it was asked for as it is" "bytes, expected" 'store gzip'
ends "a small file compressed although it was asked for as it is" "bytes, expected" 'hub.*config gzip'
ends "a listing compressed although it was asked for as it is" "does not answer as the hub does" 'hub.*api gzip'
ends "a page instead of the listing" "does not answer as the hub does" 'hub html'
ends "a redirect to another machine without TLS" "redirected to http://example.com/x: only https" 'hub.*resolve.*model to http://example.com/x'
ends "a redirect in a circle" "more than 5 redirects" $'hub.*resolve.*model to HERE/a\nhub to HERE/a\nhub to HERE/a\nhub to HERE/a\nhub to HERE/a\nhub to HERE/a'
ends "a licence" "org/tiny: its licence has to be accepted first" 'hub.*config status 403 Forbidden|X-Error-Code: GatedRepo'
says "accept it at ${HF_ENDPOINT}org/tiny, then set HF_TOKEN"
ends "a private repository" "no such repository, or a private one" 'hub status 401 Unauthorized'
says "HF_TOKEN"
ends "an absurd Retry-After" "the server answers 429" 'hub status 429 Too Many Requests|Retry-After: 1000000000'
ends "a wait of a RateLimit" "the server answers 429" 'hub status 429 Too Many Requests|RateLimit: "api";r=0;t=9999'
ends "a store that refuses" "the server answers 403" 'store status 403 Forbidden'
HF_TOKEN=hf_abc ends "a token that does not do" "none that this token may read" 'hub status 401 Unauthorized'

# A size that the listing has wrong, and a hash that is none of the file.
forget
sed -i.right "s/\"size\":$size/\"size\":1000/g" api/models/org/tiny/revision/main
refused 1 "larger than the 1000 bytes it should have" pull org/tiny
nothing_kept "a file that is too long"
sed "s/\"size\":$size/\"size\":$((size + 1))/g" api/models/org/tiny/revision/main.right >api/models/org/tiny/revision/main
refused 1 "has $size bytes, expected $((size + 1))" pull org/tiny
nothing_kept "a file that is too short"
mv api/models/org/tiny/revision/main.right api/models/org/tiny/revision/main

# ---- killed, full, twice at once ----
forget
echo 'store hold 50000' >faults
"$RLHF" pull org/tiny >out 2>err &
victim=$!
blobs=$cache/models--org--tiny/blobs
for _ in $(seq 600); do [ "$(stat -c %s "$blobs/$weights".*.incomplete 2>/dev/null)" = 50000 ] && break || sleep 0.05; done
kill -9 $victim && wait $victim 2>/dev/null
nothing_kept "a killed pull"
ls "$blobs" | grep -qE "^$weights\.[0-9a-f]{8}\.incomplete\$" || fail "the part has a name of its own: $(ls "$blobs")"
cp "$blobs/$weights".*.incomplete part
: >store.log
run --json pull org/tiny
whole "a pull after one that was killed"
asked store ' none 50000$' 1 "the rest alone is asked for"
prints "\"brought\":$((size - 50000))}"

# What is left of long ago, under the names that there have been; the largest is taken up, and none stays.
for name in "$weights.incomplete" "$weights.0123abcd.incomplete"; do
    forget
    mkdir -p "$blobs" && cp part "$blobs/$name" && echo short >"$blobs/$weights.89abcdef.incomplete"
    touch -d '2 hours ago' "$blobs"/*.incomplete
    run pull org/tiny
    whole "a pull after one that was cut long ago, $name"
    asked store ' none 50000$' 1 "the rest alone is asked for, $name"
done

# Locks that all are granted: a part that another process writes to is not touched, and what it does not finish is no loss.
forget
mkdir -p "$blobs" && cp part "$blobs/$weights.0123abcd.incomplete"
exec 9<>"$blobs/$weights.0123abcd.incomplete"
run pull org/tiny
whole "a pull beside one whose lock does not hold"
cmp -s /dev/fd/9 part || fail "the part of another process is as it was"
exec 9>&-

# A blob of another size, as a broken disk leaves it, is replaced by a whole one.
echo short >"$blobs/$weights"
run pull org/tiny
whole "a pull over a blob of another size"

forget
(ulimit -f 64 && "$RLHF" pull org/tiny >out 2>err)
status=$?
exits 1 "a full disk"
says "cannot write"
nothing_kept "a full disk"
run pull org/tiny
whole "a pull after the disk had room again"

forget
echo 'store slow 1000' >faults
"$RLHF" pull org/tiny >out1 2>err1 &
first=$!
for _ in $(seq 600); do [ -s store.log ] && break || sleep 0.05; done
run pull org/tiny
whole "a second pull at the same time"
wait $first || fail "the first of two pulls: $(cat err1)"
asked store model 1 "the second waits for the first"

# ---- what is not there, and what is not taken ----
forget
refused 1 "the hub has no model org/none" pull org/none
echo '{"branches":[{"name":"main"},{"name":"dev"}],"tags":[{"name":"v1.0"}]}' >api/models/org/tiny/refs
refused 1 "org/tiny has no revision 'v1.1'; did you mean: v1.0" pull org/tiny@v1.1
refused 2 "is no name of a repository" pull ../etc
refused 2 "what follows @ is no revision" pull org/tiny@../x
refused 2 "'org/tiny@v1@v2': what follows @ is no revision" pull org/tiny@v1@v2
refused 2 "is not the address of a whole repository" pull "${HF_ENDPOINT}org/tiny/blob/main/config.json"
says "that is ${HF_ENDPOINT}org/tiny, and --file PATTERN takes some of its files"
run pull "${HF_ENDPOINT}org/tiny/tree/main"
whole "a pull by the address of a page"
sed "s/$commit/$older/" api/models/org/tiny/revision/main >'api/models/org/tiny/revision/refs%2Fpr%2F1'
run pull org/tiny@refs/pr/1
exits 0 "a revision with slashes"
[ "$(cat "$cache/models--org--tiny/refs/refs/pr/1")" = "$older" ] || fail "a revision with slashes is remembered"

for name in ../../evil /tmp/evil 'a\\evil' a//evil 'a/../../evil' 'evil/'; do
    printf '{"sha":"%s","siblings":[{"rfilename":"%s","size":1,"blobId":"%s"}]}' "$commit" "$name" "$config" >api/models/org/tiny/revision/evil
    refused 1 "would not stay in its folder" pull org/tiny@evil --file '*'
done
printf '{"sha":"%s","siblings":[{"rfilename":"a\\u0000b"}]}' "$commit" >api/models/org/tiny/revision/evil
refused 1 "does not answer as the hub does" pull org/tiny@evil --file '*'
printf '{"sha":"../x","siblings":[]}' >api/models/org/tiny/revision/evil
refused 1 "names no commit and files" pull org/tiny@evil --file '*'
[ -z "$(find . -name 'evil*' ! -path './api/*')" ] || fail "no file of such a name is anywhere"

echo pickled >files/pytorch_model.bin
listing models/org/pickled main "$commit" config.json pytorch_model.bin
refused 1 "org/pickled has its weights as pytorch_model.bin alone" pull org/pickled
echo '{"peft_type":"LORA","base_model_name_or_path":"org/tiny"}' >files/adapter_config.json
echo weights >files/adapter_model.safetensors && echo pickled >files/adapter_model.bin
listing models/org/adapter main "$commit" README.md adapter_config.json adapter_model.bin adapter_model.safetensors
run pull org/adapter
exits 0 "a pull of an adapter"
[ "$(ls "$(cat out)" | tr '\n' ' ')" = "README.md adapter_config.json adapter_model.safetensors " ] || fail "an adapter is its two files: $(ls "$(cat out)")"
rm -r "$cache/models--org--tiny"
refused 1 "the model that this adapter is of is not there: org/tiny" inspect org/adapter
says "bring it with: rlhf pull org/tiny"
must pull org/tiny
listing models/org/adapter_pickled main "$commit" adapter_config.json adapter_model.bin
refused 1 "org/adapter_pickled has its weights as adapter_model.bin alone" pull org/adapter_pickled
listing models/org/bare main "$commit" README.md
refused 1 "org/bare has no config.json" pull org/bare
cp files/config.json config.kept && echo '{"model_type":"mamba"}' >files/config.json
: >store.log
listing models/org/mamba main "$commit" config.json model.safetensors
refused 1 mamba pull org/mamba
[ ! -s store.log ] || fail "the weights of a model that cannot be run are not brought"
mv config.kept files/config.json && printf %s "$config" >hashes/config.json

# ---- a listing without sizes and hashes ----
forget
printf '{"sha":"%s","siblings":[{"rfilename":"config.json"},{"rfilename":"model.safetensors"}]}' "$commit" >api/models/org/tiny/revision/plain
run pull org/tiny@plain
whole "a listing without hashes"
asked hub "HEAD /org/tiny/resolve/$commit/model.safetensors" 1 "the file itself is asked"
asked store HEAD 0 "the store is not asked"
for etag in "" "../../x" "$(printf 'e%.0s' $(seq 200))"; do
    forget
    printf %s "$etag" >hashes/config.json
    refused 1 "names no hash of config.json" pull org/tiny@plain
done
printf %s "$config" >hashes/config.json

# A size that nobody tells, and one of nothing, are bounds too.
forget
printf 'hub.HEAD.*config nosize\nhub.GET.*config claim 67108865\n' >faults
refused 1 "larger than the 67108864 bytes allowed" pull org/tiny@plain --file config.json
[ ! -s faults ] || fail "a file of unknown size: it happened"
nothing_kept "a file of unknown size"
forget
echo 'hub.HEAD.*config nosize' >faults
run pull org/tiny@plain
whole "a small file of unknown size"
forget
sed 's/"rfilename":"config.json","size":[0-9]*/"rfilename":"config.json","size":0/' api/models/org/tiny/revision/main >api/models/org/tiny/revision/nothing
refused 1 "larger than the 1 bytes allowed" pull org/tiny@nothing --file config.json
printf '{"sha":"%s","siblings":[{"rfilename":"config.json","blobId":"%s"}]}' "$commit" "$config" >api/models/org/tiny/revision/sizeless
forget
run pull org/tiny@sizeless --file config.json
exits 0 "a listing without sizes"
asked hub HEAD 1 "the size is asked for"

# ---- data sets ----
forget
printf '{"prompt":"from the hub"}\n' >files/train.jsonl
listing datasets/org/set main "$commit" README.md train.jsonl
run pull --dataset org/set
exits 0 "a data set"
[ "$(cat out)" = "$cache/datasets--org--set/snapshots/$commit/train.jsonl" ] || fail "the path of a data set is printed"
run --project project import "$(cat out)"
exits 0 "import of a pulled data set"
prints "1 row taken"
refused 1 "the hub has no data set org/tiny" pull --dataset org/tiny

# ---- a proxy that wants a login; nobody there ----
HF_TOKEN=hf_abc https_proxy=$HF_ENDPOINT HF_ENDPOINT=https://hub.invalid run pull org/tiny
exits 1 "a proxy that refuses"
asked hub 'CONNECT hub.invalid:443 none' 1 "the proxy is asked"
HF_ENDPOINT=http://hub.invalid refused 1 "only https:// addresses" pull org/tiny
[ $failed -eq 0 ]

# A hub and the store behind it, here and for the length of a test; sourced after lib.sh.  What it serves lies in
# files/, once `listing` has told of it.
# shellcheck shell=bash
perl -MIO::Socket::INET -e 1 2>/dev/null || { echo "no perl to serve a hub with" && exit 77; }
servers=()
trap 'rm -rf "$folder"; for s in "${servers[@]}"; do kill "$s" 2>/dev/null; done' EXIT
unset HF_TOKEN HF_TOKEN_PATH HF_HUB_CACHE HUGGINGFACE_HUB_CACHE HF_HUB_OFFLINE TRANSFORMERS_OFFLINE XDG_CACHE_HOME
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
mkdir files hashes
for name in hub store; do
    perl "$SOURCE_DIR/tests/cli/hub_server.pl" $name store >/dev/null &
    servers+=($!)
    : >$name.log
done
for name in hub store; do for _ in $(seq 200); do [ -s $name.port ] || sleep 0.05; done; done
export HF_ENDPOINT=http://127.0.0.1:$(cat hub.port)/ HF_HOME=$folder/home

hash_of() { # FILE: SHA-256 of what is large, else the hash of git
    case $1 in
    *.safetensors | *.gz) sha256sum <"$1" ;;
    *) { printf 'blob %d\0' "$(wc -c <"$1")" && cat "$1"; } | sha1sum ;;
    esac | cut -d' ' -f1
}
# listing KIND/ID REVISION COMMIT FILE...: of files/, with size and hash as the hub gives them.
listing() {
    local path=api/$1/revision/$2 commit=$3 separator='' f hash size
    mkdir -p "api/$1/revision" && shift 3
    {
        printf '{"sha":"%s","siblings":[' "$commit"
        for f in "$@"; do
            hash=$(hash_of "files/$f") size=$(wc -c <"files/$f")
            mkdir -p "$(dirname "hashes/$f")" && printf %s "$hash" >"hashes/$f"
            printf '%s{"rfilename":"%s","size":%d,"blobId":"%s"' "$separator" "$f" "$size" "${hash:0:40}"
            [ ${#hash} -eq 64 ] && printf ',"lfs":{"sha256":"%s","size":%d}' "$hash" "$size"
            printf '}' && separator=,
        done
        printf ']}'
    } >"$path"
}

#!/usr/bin/env bash
# Import over https from a server whose certificate only a private authority vouches for.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
command -v openssl >/dev/null || { echo "no openssl to serve with" && exit 77; }
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
server=
trap 'rm -rf "$folder"; [ -z "$server" ] || kill "$server"' EXIT
takes() { grep -qF -- "$1 row" out || fail "$2: $1 row"; }

# certificate NAME ADDRESS: self-signed, so it is its own authority.
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -addext "subjectAltName=IP:$2" \
        -keyout "$1.key" -out "$1.pem" 2>openssl.err
}
certificate here 127.0.0.1 && certificate other 127.0.0.1 ||
    { echo "openssl makes no certificate: $(tail -n 1 openssl.err)" && exit 77; }
for i in 1 2 3; do printf '{"prompt":"from afar, %d"}\n' $i >"served$i.jsonl"; done
# serve CERTIFICATE: on a free port, which goes into `port`.
serve() {
    [ -z "$server" ] || kill "$server"
    openssl s_server -WWW -accept 127.0.0.1:0 -cert "$1.pem" -key "$1.key" >server.log 2>&1 </dev/null &
    server=$!
    for _ in $(seq 200); do
        port=$(sed -n 's/^ACCEPT.*:\([0-9]\{2,\}\)$/\1/p' server.log)
        [ -n "$port" ] && return
        kill -0 $server 2>/dev/null || break
        sleep 0.05
    done
    echo "openssl serves nothing: $(tail -n 1 server.log)" && exit 77
}
serve here
run init .

run import "https://127.0.0.1:$port/served1.jsonl"
exits 1 "a certificate that nobody vouches for"
says_like "https://127.0.0.1:$port/served1.jsonl: .*certificate" "the address and the reason are told"
says "CURL_CA_BUNDLE=FILE"
[ "$(wc -l <err)" -eq 2 ] || fail "a refused certificate is one line and what to do"
[ ! -s out ] || fail "nothing is taken from a server that is not trusted"

CURL_CA_BUNDLE=here.pem run import "https://127.0.0.1:$port/served1.jsonl"
exits 0 "CURL_CA_BUNDLE names the authority"
takes 1 "CURL_CA_BUNDLE names the authority"
SSL_CERT_FILE=here.pem run import "https://127.0.0.1:$port/served2.jsonl"
exits 0 "SSL_CERT_FILE names the authority"
takes 1 "SSL_CERT_FILE names the authority"
CURL_CA_BUNDLE=here.pem SSL_CERT_FILE=other.pem run import "https://127.0.0.1:$port/served3.jsonl"
exits 0 "CURL_CA_BUNDLE comes before SSL_CERT_FILE"

CURL_CA_BUNDLE=other.pem run import "https://127.0.0.1:$port/served1.jsonl?again"
exits 1 "an authority that vouches for another"
CURL_CA_BUNDLE=none.pem run import "https://127.0.0.1:$port/served1.jsonl?again"
exits 1 "an authority that is not there"
says "none.pem"

certificate elsewhere 127.0.0.9 && serve elsewhere
CURL_CA_BUNDLE=elsewhere.pem run import "https://127.0.0.1:$port/served1.jsonl?again"
exits 1 "a certificate for another address"
says "127.0.0.1"
[ $failed -eq 0 ]

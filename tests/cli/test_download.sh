#!/usr/bin/env bash
# Import from an address: the hash that was asked for holds for a download and for what lies in the cache.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
perl -MIO::Socket::INET -e 1 2>/dev/null || { echo "no perl to serve a file with" && exit 77; }
server=
trap 'rm -rf "$folder"; [ -z "$server" ] || kill "$server"' EXIT
asked() { [ "$(wc -l <requests)" -eq "$1" ] || fail "$2: $1 requests in all, not $(wc -l <requests)"; }

printf '{"prompt":"from the net"}\n' >served.jsonl
: >requests
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
    open my $port, ">", "port.new"; print $port $s->sockport; close $port; rename "port.new", "port";
    while (my $c = $s->accept) {
        while (<$c>) { last if /^\r\n/ }
        open my $log, ">>", "requests"; print $log "1\n"; close $log;
        open my $f, "<", "served.jsonl"; my $body = join "", <$f>;
        print $c "HTTP/1.1 200 OK\r\nContent-Length: ", length $body, "\r\nConnection: close\r\n\r\n$body";
        close $c;
    }' &
server=$!
for _ in $(seq 200); do [ -f port ] || sleep 0.05; done
url=http://127.0.0.1:$(cat port)/sets/served.jsonl
zeros=$(printf '0%.0s' $(seq 64))
hash=$(sha256sum <served.jsonl | cut -d' ' -f1)
run init .

run import "$url" --sha256 "$zeros"
exits 1 "a download with another hash"
says "has SHA-256 $hash, expected $zeros"
asked 1 "a download with another hash"
run import "$url" --sha256 "$(echo "$hash" | tr a-f A-F)"
exits 0 "import of an address"
prints "served.jsonl: 1 row taken"
asked 2 "import of an address"

# ---- what is in the cache ----
run --offline import "$url"
exits 0 "import of an address that is in the cache"
prints "0 rows taken, 1 there already"
run --offline import "$url" --sha256 "$hash"
exits 0 "the cached file has the hash"
says "already downloaded"
run --offline import "$url" --sha256 "$zeros"
exits 1 "a cached file with another hash, and --offline"
says "has another SHA-256, and --offline forbids"
[ "$(wc -l <err)" -eq 1 ] || fail "a cached file with another hash is told in one line"
asked 2 "what is in the cache"

run import "$url" --sha256 "$zeros"
exits 1 "a cached file and a download with another hash"
asked 3 "a cached file with another hash is downloaded again"

# The file changes at its source: the new hash brings the new file, which stays.
printf '{"prompt":"another one"}\n' >served.jsonl
hash=$(sha256sum <served.jsonl | cut -d' ' -f1)
run import "$url" --sha256 "$hash"
exits 0 "a file that changed at its source"
says "has another SHA-256; downloading it again"
prints "1 row taken"
run --offline import "$url" --sha256 "$hash"
exits 0 "the new file is in the cache"
asked 4 "a file that changed at its source"

# ---- what is no hash ----
run import "$url" --sha256 12ab
exits 2 "a short hash"
says "--sha256: 4 digits, a hash has 64"
run import "$url" --sha256 "${zeros%0}x"
exits 2 "a hash with an x"
says "is no hash in hex digits"
run import served.jsonl --sha256 "$zeros"
exits 2 "a hash for a file"
[ $failed -eq 0 ]

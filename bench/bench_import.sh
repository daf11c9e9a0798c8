#!/usr/bin/env bash
# How fast preferences are imported, and how long what comes after takes at that size.
#
#     bench/bench_import.sh build/release/rlhf [ROWS]     (1,000,000)
#
# Rows of 150 bytes, each with two answers of its own, to 456,976 prompts, in a project under $TMPDIR.  Of each command
# the seconds it took, and the seconds of processor time, which other work on the machine changes less.  An import reads
# on one thread and writes on another.
rlhf=$(realpath "${1:?names the program}") || exit 1
rows=${2:-1000000}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
awk -v n="$rows" 'BEGIN { for (i = 0; i < n; i++) printf "{\"prompt\":\"ask %c%c%c%c of me\",\"chosen\":\"good answer %d, really, and long enough to be one\",\"rejected\":\"bad answer %d, of some length as well\"}\n",
    97 + i % 26, 97 + int(i / 26) % 26, 97 + int(i / 676) % 26, 97 + int(i / 17576) % 26, i, i }' >rows.jsonl
"$rlhf" init . >/dev/null || exit 1

# took NAME ROWS COMMAND...: a line of figures.
took() {
    name=$1 n=$2
    shift 2
    { time -p "$@" >out 2>err </dev/null; } 2>times || { cat err >&2; exit 1; }
    awk -v name="$name" -v n="$n" '{ t[$1] = $2 } END {
        printf "%-14s %8.2f s, processor %8.2f s", name, t["real"], t["user"] + t["sys"]
        if (n) printf ", %d rows/s", n / t["real"]
        print "" }' times
}
took import "$rows" "$rlhf" --quiet import rows.jsonl
took status 0 "$rlhf" status
took "import again" "$rows" "$rlhf" --quiet import rows.jsonl
took export "$rows" "$rlhf" --quiet export preferences --out out.jsonl
took verify 0 "$rlhf" verify
took backup 0 "$rlhf" backup copy.db

#!/bin/sh
# How fast preferences are imported, and how soon `status` answers then.
#
#     bench/bench_import.sh build/release/rlhf [ROWS]     (1,000,000)
#
# Rows of 150 bytes, each with a prompt and two answers of its own, in a project under $TMPDIR.
rlhf=$(realpath "${1:?names the program}") || exit 1
rows=${2:-1000000}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
seconds() { date +%s.%N; }

awk -v n="$rows" 'BEGIN { for (i = 0; i < n; i++) printf "{\"prompt\":\"ask %c%c%c%c of me\",\"chosen\":\"good answer %d, really, and long enough to be one\",\"rejected\":\"bad answer %d, of some length as well\"}\n",
    97 + i % 26, 97 + int(i / 26) % 26, 97 + int(i / 676) % 26, 97 + int(i / 17576) % 26, i, i }' >rows.jsonl
"$rlhf" init . >/dev/null || exit 1
from=$(seconds)
"$rlhf" --quiet import rows.jsonl >/dev/null || exit 1
between=$(seconds)
"$rlhf" status >/dev/null || exit 1
to=$(seconds)
echo "$rows $from $between $to" | awk '{ printf "%d rows in %.1f s: %.0f rows/s; status after %.2f s\n", $1, $3 - $2, $1 / ($3 - $2), $4 - $3 }'

#!/usr/bin/env bash
# Data in and out: import from files and standard input (addresses: test_download.sh); export; verify; backup.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

run init .
exits 0 "init"

# ---- import ----
prefs=$SOURCE_DIR/tests/golden/prefs
run import "$prefs/trl_standard.jsonl" "$prefs/hh_style.jsonl"
exits 0 "import of two files"
prints "trl_standard.jsonl: 10 rows taken"
prints "hh_style.jsonl: 10 rows taken"
says 'chosen     " Not in binary floating point; compare with a tolerance."'
says "  line 1: preference (prompt, chosen, rejected)"
says "  line 1: hh ("
[ "$(grep -c '^  line ' err)" -eq 6 ] || fail "three rows of each file are shown"

run --json import "$prefs/trl_standard.jsonl"
prints '"taken":0,"duplicate":10,"refused":0'
says_nothing "import --json"

printf '{"prompt":"a"}\n{"prompt":""}\n' >bad.jsonl
run import bad.jsonl --rejects rejected.jsonl
exits 0 "an import with one bad row"
prints "bad.jsonl: 1 row taken, 1 refused"
prints "  refused line 2: prompt is empty"
[ "$(cat rejected.jsonl)" = '{"prompt":""}' ] || fail "the bad row is in the rejects"

printf '{"prompt":"good"}\n' >many.jsonl
printf '%s\n' x '{}' x x x x x >>many.jsonl
run import many.jsonl
prints "many.jsonl: 1 row taken, 7 refused"
[ "$(grep -c '^  refused line [2-6]: ' out)" -eq 5 ] || fail "the first five refusals are told"
prints "  and 2 more"
says "all refused lines: --rejects FILE"

printf '{"prompt":"b","completion":" c"}\n' | "$RLHF" import - >out 2>err
status=$?
exits 0 "import of standard input"
prints "standard input: 1 row taken"

run import bad.jsonl --strict --source elsewhere
exits 1 "a strict import of a bad row"
says "bad.jsonl: line 2: prompt is empty; nothing was imported"

run import none.jsonl
exits 1 "a missing file"
says "rlhf import: cannot read none.jsonl: No such file or directory"

run import bad.jsonl --kind jsonl
exits 2 "an unknown kind"
run import bad.jsonl --layout parquet
exits 2 "an unknown layout"

run --offline import https://example.org/data.jsonl
exits 1 "an address with --offline"
says "--offline forbids it"

# ---- what an import says ----
run init said
printf '{"prompt":"p","chosen":" yes","rejected":" no"}\n{"prompt":"p","chosen":" no","rejected":" yes"}\n{"prompt":"q","completion":" milk ."}\n' >said.jsonl
run --project said import said.jsonl
says 'completion " milk ."'
grep -q '^  line 2' err && fail "a refused row is not shown as understood"
[ "$(grep -c '^  line ' err)" -eq 2 ] || fail "the two rows taken are shown"
run --project said import said.jsonl --kind prompts --split test
prints "said.jsonl: 0 rows taken, 3 there already, their split stays train"
grep -q '^  line ' err && fail "of rows that were there already none is shown"
seq 30 | sed 's/.*/{"prompt":"Q: number & please ?"}/' >near.jsonl
run --project said import near.jsonl
prints "none for valid and test: the rows are few, or near-duplicates, which stay together; say --split to choose"
seq 30 | sed 's/.*/{"prompt":"Q: number & only ?"}/' >chosen.jsonl
run --project said import chosen.jsonl --split valid
grep -q 'none for' out && fail "--split has chosen"

# ---- one array in place of lines ----
printf '\357\273\277 [\n {"prompt":"array one"},\n {"prompt":"array two"},\n 3\n]\n' >array.json
run --project said import array.json --rejects rejected.jsonl
exits 0 "import of an array"
prints "array.json: 2 rows taken, 1 refused"
prints "refused element 3: not a JSON object"
[ "$(cat rejected.jsonl)" = 3 ] || fail "the bad element is in the rejects"
gzip -k array.json
run --project said import array.json.gz
prints "array.json.gz: 0 rows taken, 2 there already, 1 refused"
printf '[{"prompt":"array three"},\n' >cut.json
run --project said import cut.json
exits 1 "an array cut short"
says "cut.json: it begins with [, but is no JSON array: line 2: "

# ---- a rule and what is said of length count words alike ----
run init lengths
echo '{"prompt":"p","chosen":" internationalization everywhere","rejected":" a b c d"}' | "$RLHF" --project lengths import - >/dev/null
run --project lengths judge --rule longer
prints "the answer of more words won 100%"

# ---- export ----
run export demonstrations
exits 0 "export"
[ "$(cat out)" = '{"prompt": "b", "completion": " c"}' ] || fail "export prints TRL's explicit form"
run --json export preferences --out prefs.jsonl
prints '{"file":"prefs.jsonl","rows":20}'
[ "$(wc -l <prefs.jsonl)" -eq 20 ] || fail "export writes every row"
run export preferences --form hh
[ "$(wc -l <out)" -eq 20 ] && ! grep -q '"prompt"' out || fail "HH-RLHF's form has whole dialogues"
prints '{"chosen": "\n\nHuman: Is 0.1+0.2 == 0.3?'
run export preferences --form csv
exits 2 "an unknown form"
says "--form: 'csv' is no form; explicit or hh"
run export prompts --form hh
exits 2 "another form of prompts"
run export labels --split test --out none/labels.jsonl
exits 1 "export into a folder that is not there"
run export
exits 2 "export of nothing"

# ---- a reader that has had enough ----
quietly() { # WORDS PIPESTATUS
    [ "$2" -eq 141 ] && [ ! -s err ] || { status=$2; fail "$1 into a closed pipe ends quietly, by the pipe's signal"; }
}
mkdir big && (cd big && "$RLHF" init >/dev/null && seq 8000 | sed 's/.*/{"prompt":"prompt & of many","chosen":" right &","rejected":" wrong number &"}/' |
    "$RLHF" import - --source many >/dev/null) || fail "8,000 pairs"
for what in prompts preferences labels responses; do
    "$RLHF" export $what --project big 2>err | head -n 1 >out
    quietly "export $what" "${PIPESTATUS[0]}"
done
seq 20000 | sed 's/.*/{"prompt":"&","response":"&"}/' | "$RLHF" judge score --rule longer 2>err | head -n 1 >out
quietly "judge score" "${PIPESTATUS[1]}"
"$RLHF" export prompts --project big 2>err >/dev/full
status=$?
exits 1 "export to a full disk"
says "No space left on device"
[ "$(wc -l <err)" -eq 1 ] || fail "a full disk is told once"

# ---- a rule, with a bar on a terminal ----
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    TERM=xterm script -qec "'$RLHF' judge --rule longer --project big" typed >out 2>err </dev/null
    grep -qE 'judge  [0-9,]+/8,000 pair' typed || fail "judge shows a bar: $(tr '\r' '\n' <typed | head -n 3)"
else
    echo "skipped: script(1) cannot make a terminal here"
fi

# ---- verify, backup ----
run verify
exits 0 "verify"
prints "20 labels in an unbroken chain"
run backup copy.db
exits 0 "backup"
run backup rlhf.db
exits 1 "backup over the database itself"
says "rlhf.db belongs to the project; choose another name"

truncate -s 30000 rlhf.db
run verify
exits 1 "verify of a database cut short"
says "the database is damaged or cut short"
mv copy.db rlhf.db
run verify
exits 0 "verify of the backup in its place"
prints "20 labels in an unbroken chain"

# ---- a line without an end can be stopped in its midst ----
mkfifo endless
perl -e '$| = 1; $SIG{PIPE} = sub { exit }; open F, ">", "endless"; print F "a" x 1_000_000 for 1 .. 20; open G, ">", "halfway"; close G; print F "a" x 1_000_000 while 1' 2>/dev/null &
writer=$!
"$RLHF" import endless >out 2>err </dev/null &
process=$!
while [ ! -e halfway ] && kill -0 $process 2>/dev/null; do sleep 0.02; done
kill -INT $process
wait $process
status=$?
exits 130 "an import that is stopped in a line"
says "endless: stopped in line 1, which is longer than 16 MiB"
wait $writer

[ $failed -eq 0 ]

#!/usr/bin/env bash
# rlhf import --rejects: the file holds the refused lines of a whole import, or is what it was before.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
same() { [ "$(cat "$1" 2>/dev/null)" = "$2" ] || fail "$3: $1 holds $(cat "$1" 2>&1)"; } # FILE TEXT CLAIM

must init .
printf '{"prompt":"a"}\n{"prompt":""}\n' >mixed.jsonl
printf '{"prompt":"b"}\nx\n' >more.jsonl
before=$(cat mixed.jsonl)

# ---- a file of the user's is not written over ----
ln -s mixed.jsonl link.jsonl
ln mixed.jsonl hard.jsonl
for rejects in mixed.jsonl ./mixed.jsonl link.jsonl hard.jsonl; do
    refused 2 "--rejects $rejects is what is imported; name another file" \
        import more.jsonl mixed.jsonl --rejects $rejects
    same mixed.jsonl "$before" "an input that is named for the rejects is left alone"
done
input=mixed.jsonl
refused 2 "--rejects mixed.jsonl is what is imported; name another file" import - --rejects mixed.jsonl
input=/dev/null
same mixed.jsonl "$before" "so is one that comes on standard input"
mkfifo pipe
refused 2 "--rejects pipe is no plain file; name one" import mixed.jsonl --rejects pipe

# ---- whole, or as it was ----
must import mixed.jsonl more.jsonl --rejects rejects.jsonl
same rejects.jsonl "$(printf '{"prompt":""}\nx')" "the refused lines of both files"
run import more.jsonl none.jsonl --rejects rejects.jsonl
exits 1 "an import of a file that is not there"
same rejects.jsonl "$(printf '{"prompt":""}\nx')" "after an import that failed"
[ "$(ls -d rejects*)" = rejects.jsonl ] || fail "nothing is left beside it: $(ls)"
must import more.jsonl --rejects rejects.jsonl
same rejects.jsonl x "the next import's lines take their place"

# ---- why ----
printf '{"prompt":"d"}\n%s' "$(yes '{"prompt":""}' | head -n 9)" >ten.jsonl
printf '[{"prompt":"e"},7]' >array.json
must import ten.jsonl array.json --rejects refused.jsonl --reasons why.txt
[ "$(wc -l <why.txt)" -eq 10 ] || fail "a reason for every refused row, not for five: $(cat why.txt)"
[ "$(sed -n '9,10p' why.txt)" = "ten.jsonl: line 10: prompt is empty
array.json: element 2: not a JSON object" ] || fail "with file and line: $(cat why.txt)"
[ "$(wc -l <refused.jsonl)" -eq 10 ] || fail "beside the lines as they came"
refused 2 "--rejects and --reasons are two files" import ten.jsonl --rejects x --reasons x
refused 2 "--reasons ten.jsonl is what is imported; name another file" import ten.jsonl --reasons ten.jsonl
refused 1 "nowhere" import ten.jsonl --rejects refused.jsonl --reasons nowhere/x
[ "$(ls -d refused*)" = refused.jsonl ] || fail "nothing is left beside it: $(ls)"

# ---- a disk that is full ----
yes x | head -n 20000 | sed '1i {"prompt":"c"}' >many.jsonl
(ulimit -f 16 && exec "$RLHF" import more.jsonl many.jsonl --rejects rejects.jsonl >out 2>err)
status=$?
exits 1 "rejects that find no room"
says "rejects.jsonl: File too large"
same rejects.jsonl x "after a disk that was full"
[ $failed -eq 0 ]

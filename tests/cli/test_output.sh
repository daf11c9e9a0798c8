#!/usr/bin/env bash
# What a command writes for its user never takes the place of anything that it did not write itself.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

must init .
for i in $(seq 40); do echo "{\"prompt\":\"the lamp $i .\\nA:\",\"completion\":\" so it is .\"}"; done >demonstrations.jsonl
must import demonstrations.jsonl
mkdir -p runs/mine sub
echo kept >runs/mine/notes
ln -s . here
sum() { find . -type f ! -name out ! -name err ! -name before -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; }

# untouched WORDS ARGUMENTS...: refused, and no file changed, came or went.
untouched() {
    sum >before
    refused 1 "$@"
    sum | cmp -s - before || fail "rlhf ${*:2} touches nothing"
    rm -f before
}

# ---- the project's own, with --force too ----
for own in rlhf.db rlhf.db-wal project.json here/rlhf.db sub/../rlhf.db "$PWD/rlhf.db" runs/mine/notes runs/mine/new; do
    untouched "$own belongs to the project; choose another name" export prompts --out "$own" --force
    untouched "$own belongs to the project; choose another name" backup "$own" --force
    untouched "$own belongs to the project; choose another name" compare --report "$own"
done
(cd sub && RLHF_PROJECT='' "$RLHF" export prompts --out ../rlhf.db --force >../out 2>../err) && fail "refused from below too"
says "../rlhf.db belongs to the project"

# ---- files that are there ----
echo "a poem" >poem.txt
untouched "poem.txt exists; choose another name or add --force" export prompts --out poem.txt
untouched "poem.txt exists; choose another name or add --force" backup poem.txt
untouched "poem.txt exists and is not what this command writes; choose another name" compare --report poem.txt
must export prompts --out poem.txt --force
grep -q '"prompt"' poem.txt || fail "--force replaces it"
must backup copy.db
untouched "copy.db exists; choose another name or add --force" backup copy.db
must backup copy.db --force

# ---- what is no file ----
untouched "sub is a folder; choose another name" export prompts --out sub --force
untouched "/dev/null is no ordinary file" export prompts --out /dev/null --force
untouched "nope/x.db: no folder nope" backup nope/x.db
untouched "no folder" compare --report nope/report.html
untouched "no folder nope" sweep corpus.jsonl --report nope/report.html

# ---- where one may not write ----
mkdir locked
chmod 555 locked
if [ -w locked ]; then # who may write everywhere tries as somebody else
    chmod 755 . && chmod 644 rlhf.db project.json
    printf '#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups "%s" "$@"\n' "$RLHF" >nobody
    chmod 755 nobody
    program=$RLHF RLHF=$PWD/nobody
fi
if "$RLHF" status >/dev/null 2>&1; then
    for command in "compare --report" "report --out" "export prompts --out" "sweep demonstrations.jsonl --report"; do
        # shellcheck disable=SC2086
        refused 1 "locked/x.html: the folder $PWD/locked may not be written: Permission denied" $command locked/x.html
        says "give the path of a file in a folder that you may write"
    done
    (cd locked && "$RLHF" report >../out 2>../err) && fail "a report where one may not write"
    says "report.html: the folder $PWD/locked may not be written: Permission denied"
    says "elsewhere: rlhf report --out FILE"
fi
RLHF=${program:-$RLHF}

# ---- an earlier report is replaced ----
printf '{"text":"the lamp is not broken ."}\n' >corpus.jsonl
for seed in 1 2; do must pretrain corpus.jsonl --config "$tiny" --set pretrain.steps=1 --seed $seed; done
report() { run compare pretrain-1 pretrain-2 --rule longer --n 2 --max-new-tokens 4 --report "$1"; }
report report.html
exits 0 "a first report"
cp report.html first.html
report report.html
exits 0 "a second report in its place"
echo '<!doctype html><html><head><meta charset="utf-8"></head></html>' >page.html
report page.html
exits 1 "a report in the place of another page"
says "page.html exists and is not what this command writes"
[ $failed -eq 0 ]

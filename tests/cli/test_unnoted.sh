#!/usr/bin/env bash
# A run whose end the database could not take: that is told, and --resume makes up for it.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

printf '{"text":"%s"}\n' "one two three" "four five six" >corpus.jsonl
must init .
"$RLHF" pretrain corpus.jsonl --config "$SOURCE_DIR/configs/tiny.json" --set pretrain.steps=1000000 \
    --set model.vocabulary=258 >out 2>err </dev/null &
process=$!
for _ in $(seq 400); do
    [ -s runs/pretrain-1/metrics.jsonl ] && break
    sleep 0.02
done
# With a rollback journal SQLite writes to no file that was moved away; with a write-ahead log it does.
wal=no
[ ! -e rlhf.db-wal ] || wal=yes
mkdir elsewhere
mv rlhf.db* elsewhere
kill -s TERM $process
wait $process
status=$?
[ $wal = no ] || { echo "skipped: this SQLite keeps a write-ahead log" && exit 77; }
exits 1 "a run that the database does not know the end of"
says "pretrain-1 has stopped and is saved, but not noted: "
says "the same command with --resume --run pretrain-1 goes on"
prints_nothing "a run that the database does not know the end of"
grep -q '"state": "stopped"' runs/pretrain-1/state.json || fail "its own folder says how it ended"
[ $failed -eq 0 ]

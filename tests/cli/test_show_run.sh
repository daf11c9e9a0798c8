#!/usr/bin/env bash
# rlhf show run: settings that are not the defaults, what was read, how it ended, and what is left of it.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
export COLUMNS=120

must init .
refused 1 "no run yet" show run
for i in $(seq 40); do printf '{"text":"the %d green lamps are not broken ."}\n' "$i"; done >corpus.jsonl
small=(corpus.jsonl --config "$tiny" --seed 18446744073709551615 --set pretrain.steps=4 --set pretrain.save_every=2)
must pretrain "${small[@]}" --adam tensorflow --stop-after 3
must show run
prints "pretrain-1: pretrain, stopped, 3 steps"
must pretrain corpus.jsonl --resume
must show run pretrain-1
prints "pretrain-1: pretrain, finished, 4 steps"
prints_like '^  folder +/.*/runs/pretrain-1$' "where it is"
prints_like '^  program +[0-9.]+, vector arithmetic$' "what made it"
prints_like '^  seed +18446744073709551615$' "the whole seed"
prints_like '^  settings +pretrain.steps 4  \(0 unless told otherwise\)$' "what was asked for"
prints_like '^ +pretrain.adam "tensorflow"  \("pytorch" unless told otherwise\)$' "a word"
! grep -q 'pretrain.epochs' out || fail "a setting that is the default is left out"
prints_like '^  read +corpus [0-9a-f]{64}$' "what it read"
prints_like '^  last step +loss [0-9.]+$' "how it ended"
prints_like '^  checkpoints +pretrain-1@3, 146 kB$' "a checkpoint"
prints_like '^ +pretrain-1@4, 146 kB, the project'"'"'s base$' "what the project calls it"
must show run --json
prints '"run":"pretrain-1","state":"finished","steps":4,"kind":"pretrain","folder":"'
prints '"seed":18446744073709551615,"arithmetic":"vector","changed":{"pretrain.steps":{"is":4,"default":0},'
prints '"checkpoints":[{"step":3,"bytes":145528,"names":[]},{"step":4,"bytes":145528,"names":["base"]}]}'
refused 1 "did you mean: pretrain-1" show run pretrain-2

# ---- a model that was read is named ----
head -n 4 corpus.jsonl | sed 's/"text"/"prompt"/; s/ broken/","completion":" broken/' >demonstrations.jsonl
must import demonstrations.jsonl --split train
must sft --set sft.steps=1
must show run
prints_like '^  read +model [0-9a-f]{64}' "a model by its hash"

# ---- a run of which little is left ----
rm -r runs/pretrain-1/checkpoints/step-000003/config.json runs/pretrain-1/settings.json
must show run pretrain-1
prints "pretrain-1@3: no model in it"
prints "settings.json cannot be read"
[ $failed -eq 0 ]

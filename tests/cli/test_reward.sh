#!/usr/bin/env bash
# rlhf reward: what it refuses, what it says of its model, and the pairs that it gets wrong.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny=$SOURCE_DIR/configs/tiny.json
keys() { # KEY N: so many choices, made in line mode
    yes "$1" | head -n "$2" >../keys
    input=../keys
    must label --line --as ada
    input=/dev/null
}

must init project
cd project || exit 1
prompts 0 55 | sed 's/prompt/text/' >../corpus.jsonl
prompts 0 29 >../train.jsonl
prompts 30 59 >../valid.jsonl
must import ../train.jsonl --split train
must import ../valid.jsonl --split valid
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=20
must sample --max-new-tokens 12 --split train
cp -r . ../ties
cp -r . ../few

# ---- labels that nothing can be learned from ----
keys a 30
refused 1 "all 30 labels prefer the left answer; refusing to train on a position habit (--force)" \
    reward --config "$tiny" --no-eval
must reward --config "$tiny" --no-eval --force
cd ../ties || exit 1
keys t 30
refused 1 "all 30 labels are ties: nothing says which answer is better" reward --config "$tiny" --no-eval
refused 1 "every label (30) is a tie, and reward.ties=drop leaves them out" \
    reward --config "$tiny" --no-eval --set reward.ties=drop --set reward.tie_nu=3
says "warning: reward.tie_nu is of reward.ties=davidson; with ties=drop it changes nothing"
cd ../few || exit 1
must sample --max-new-tokens 12
keys b 37
refused 1 "7 labels held out, at least 10 are needed (30 to learn from); label more, or: rlhf reward --no-eval" reward --config "$tiny"
keys b 23
refused 1 "all 30 labels prefer the right answer" reward --config "$tiny"

# ---- why held-out pairs say nothing: the pairs that it saw tell ----
cp -r . ../coin
cd ../coin || exit 1
must reward --force --config "$tiny" --learning-rate 1e-7
prints "it has not learned those either; before more labels try a higher --learning-rate than 1e-07 (models of a million weights want 1e-3), or more --epochs"
prints "next: rlhf reward --learning-rate 0.001" # at once what a small base wants, not ten times what was too little
must reward --force --config "$tiny" --learning-rate 0.9 --max-grad-norm 0 --epochs 0.1
prints "it has not learned those either; before more labels try another --learning-rate than 0.9, or more --epochs"
must reward --force --config "$tiny" --learning-rate 1e-7 --curve
prints "it has not learned those either"
must judge --coin
must reward --force --config "$tiny" --set reward.people_weight=0.001 --epochs 40
prints_like '^of [0-9]+ pairs that it has just learned from it is right on (0\.[6-9][0-9]|1\.00): it knows those, and little that holds' \
    "tosses of a coin, known by heart"
cd ../few || exit 1

# ---- what people agree on: the pairs that the model gets wrong, once more by somebody else ----
must reward --force --config "$tiny"
yes a | head -n 30 >../keys
input=../keys
must reward eval --review --worst 1000 --line --as bob
input=/dev/null
must reward eval
prints_like '; people agree with each other [01]\.[0-9]+ \(ceiling about [01]\.[0-9]+\)$' "overlap gives a ceiling"

# ---- the closing lines, and the record ----
cd ../project || exit 1
must sample --max-new-tokens 12
must judge --rule shorter --error-rate 0.2
keys a 30
must reward --force --config "$tiny" --set reward.keep_best=true --set reward.ties=davidson --set reward.margin=0.2
prints_like '^reward-2: right on [0-9.]+ of 30 held-out pairs \([0-9]+ labels\): [01]\.[0-9]+ \[.*\]; always choosing the answer of more tokens [01]\.[0-9]+$' \
    "the number and its interval"
prints_like '^the pairs it gets most wrong: rlhf reward eval --worst 20' "what to do next"
[ -e runs/reward-2/best ] && fail "the best state is part of the model, and its folder gone"
[ "$(grep -c '"eval_loss":[0-9.]*,"eval_accuracy":' runs/reward-2/metrics.jsonl)" -ge 8 ] ||
    fail "keep_best measures ten times: $(cat runs/reward-2/metrics.jsonl)"
tail -n 1 runs/reward-2/metrics.jsonl | grep -q '"tie_nu":[0-9.]*,.*"best_step":[0-9]*,"score_mean":' ||
    fail "the last line says what was done: $(tail -n 1 runs/reward-2/metrics.jsonl)"
must reward --force --config "$tiny" --set reward.normalize_samples=40 --set reward.normalize_tokens=12 --json
says_like '^reward was (reward-2@[0-9]+); back to it: rlhf init --reward \1$' "what it was before, and the way back"
prints_like '"overlap":0,"agreement":null,"ceiling":null\}' "labels of a rule and one person have no ceiling"
must reward --force --config "$tiny" --set reward.normalize_tokens=12 --run unlike
scale='"score_mean":.*'
[ "$(tail -n 1 runs/unlike/metrics.jsonl | grep -o "$scale")" != "$(tail -n 1 runs/reward-3/metrics.jsonl | grep -o "$scale")" ] ||
    fail "answers of the base have another mean and deviation than the labels' responses"
refused 1 "leave no room for a prompt in the context of 64" reward --force --config "$tiny" --set reward.normalize_samples=4 --set reward.normalize_tokens=128
# ---- more labels ----
must reward --force --config "$tiny" --json --run all
all=$(grep -o '"accuracy":[0-9.]*' out)
runs=$(ls runs)
must reward --force --config "$tiny" --curve --json
prints_like '^\{"n":30,"points":\[\{"labels":[0-9]+,.*\]\}$' "points of a curve"
grep -o '"accuracy":[0-9.]*' out | tail -n 1 | grep -qxF "$all" || fail "all labels reach what a run on all of them does: $all"
[ "$(grep -o '"labels":[0-9]*' out | cut -d : -f 2 | sort -n | tr '\n' ' ')" = "30 60 " ] || fail "half of the labels and all"
[ "$(ls runs)" = "$runs" ] || fail "a curve leaves no run"
must reward --force --config "$tiny" --curve
prints_like '^ +60 labels  right on [01]\.[0-9]+ \[.*\] of 30 held-out pairs$' "a line for each"
prints "the last doubling: "

# ---- the pairs that it gets wrong ----
must reward eval --worst 3
! grep -q "rlhf reward eval --worst" out || fail "nobody is sent where he is: $(cat out)"
prints_like '^[0-9]+ pairs? ordered against the labels' "the worst are counted"
prints_like '^1\.  pair [0-9]+, labeled by ' "who labeled"
prints_like '^  chosen [-+][0-9.]+ ' "what it scores"
must reward eval --worst 1000 --json
grep -o '"scores":\[[^]]*\]' out | sed 's/.*\[\(.*\)\]/\1/' |
    awk -F , '{ if ($1 >= $2 || NR > 1 && $2 - $1 > was + 1e-9) bad = 1; was = $2 - $1 } END { exit bad || NR == 0 }' ||
    fail "the rejected answer scores higher, by less and less: $(grep -o '"scores":\[[^]]*\]' out)"
worst=$(grep -o '"comparison":[0-9]*' out | cut -d : -f 2)
printf 't\nt\n' >../keys
input=../keys
must reward eval --review --worst 2 --line --as eve
prints "2 pairs labeled as eve"
must export labels
for pair in $(head -n 2 <<<"$worst"); do
    grep -q "\"comparison\": $pair, \"annotator\": \"eve\".*\"outcome\": \"tie\"" out || fail "pair $pair was reviewed: $(grep eve out)"
done

input=/dev/null
printf '{"prompt":"p","chosen":" a","rejected":" b"}\n{"prompt":"p","chosen":" b","rejected":" a"}\n' >../pairs.jsonl
must reward eval --data ../pairs.jsonl --worst 5
prints "it orders no pair against its labels"
refused 2 "--review is for the project's pairs" reward eval --data ../pairs.jsonl --review
[ $failed -eq 0 ]

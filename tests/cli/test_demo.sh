#!/usr/bin/env bash
# rlhf demo with a model far too small to learn anything: that it runs, what it leaves, and that it can be
# stopped, gone on with and recomputed.  Its numbers at full size are those of docs/results.md.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny=(--conversations 400 --prompts 400 --pairs 100 --n 30 --threads 1
    --set model.layers=1 --set model.width=32 --set model.heads=2 --set model.mlp=64 --set model.vocabulary=500
    --set pretrain.epochs=1 --set reward.epochs=1 --set reward.shrink=false --set ppo.iterations=6 --set ppo.epochs=1
    --set ppo.critic_warmup=0 --set ppo.batch_size=16 --set ppo.minibatch_size=16)

without_seconds() { sed 's/"seconds".*//' "$1"; }

# ---- what it would run with ----
must demo --help
prints_like 'model\.layers  +4 .*\(from preset\)' "help says what configs/demo.json sets"
prints_like 'reward\.shrink  +true ' "help says that the demo shrinks"
grep -E 'ppo\.gamma  +1 ' out | grep -qF '(from' && fail "what configs/demo.json leaves alone is a default"
must config demo
prints_like '^ppo\.kl_target +8 +preset$' "config demo"

# ---- what a demo leaves ----
must demo "${tiny[@]}" --dir kind --json
cmp -s out kind/summary.json || fail "--json prints summary.json and nothing else"
for file in report.html demo.json demo-state.json corpus.jsonl prompts.jsonl unseen.jsonl; do
    [ -s "kind/$file" ] || fail "the folder holds $file"
done
must verify --project kind
must status --project kind
prints_like '^  aligned +ppo-1@6 .* against the base on 30 test prompts$' "what the demo compared is known"
grep -q "^next: rlhf compare" out && fail "status does not ask once more for what the demo has done"
prints_like "^next: rlhf [a-z]" "there is a next command"

# Names in their order, numbers as N, traits left out.
compared='{"win_rate":N,"ci":[N,N],"kl":N,"finished":N,"distinct":N,"verbatim":N,"length_ratio":N,"all_right_base":N,"all_right_aligned":N,"traits":{}}'
seconds='{"corpus":N,"pretrain":N,"sample":N,"label":N,"reward":N,"ppo":N,"compare":N,"total":N}'
wanted='{"seed":N,"taste":"kind","reward":{"accuracy":N,"n":N,"longer_wins":N,"ceiling":N},"compare":'$compared',"unseen":'$compared',"best_of_16":{"win_rate":N,"ci":[N,N],"against_base":N},"seconds":'$seconds'}'
shape=$(sed -E 's/"traits":\{("[^"]*":\{[^}]*\},?)*\}/"traits":{}/g; s/([:[,])-?[0-9][-+.0-9e]*/\1N/g' kind/summary.json)
[ "$shape" = "$wanted" ] || fail "the summary has the shape $wanted, not $shape"
grep -q '"traits":{"first step":{"base":[^,]*,"best_of":[^,]*,"aligned":' kind/summary.json || fail "traits of three answers"

# ---- anybody can recompute the win rate ----
must export responses --project kind --split test --out responses.jsonl
for who in '"model": "base".*"sample_no": 0,' '"model": "aligned".*"sample_no": 4000,'; do
    grep '"source": "requests"' responses.jsonl | grep -E "$who.*\"purpose\":\"compare\"" >rows.jsonl
    [ "$(wc -l <rows.jsonl)" -eq 30 ] || fail "30 answers are stored for $who"
    "$RLHF" judge score --rule kind <rows.jsonl | sed 's/{"score":\([^,]*\),.*/\1/'  >"points-${who:10:4}"
done
again=$(paste points-base points-alig | awk '{ won += $2 > $1 ? 1 : $2 == $1 ? .5 : 0 } END { printf "%.6g", won / NR }')
grep -q "\"compare\":{\"win_rate\":$again," kind/summary.json || fail "the win rate is $again by the stored answers"

# ---- a base that answers without a word: it has learned to end after "A:" ----
cp -r kind wordless
must export prompts --project wordless --split train --out prompts.jsonl
sed 's/A:"}$/", "completion": "A:"}/' prompts.jsonl >blank.jsonl
must import blank.jsonl --project wordless
must sft --project wordless --set sft.steps=150 --set sft.learning_rate=0.01 --set sft.schedule=constant
sed -i 's/"stage": "compare", "done": true/"stage": "compare", "done": false/' wordless/demo-state.json
must demo --dir wordless --go-on --json
[ "$(grep -o '"length_ratio":null,' out | wc -l)" -eq 2 ] || fail "there is no number for so many times no word"
# ---- what it prints fits the terminal, and can be typed ----
ln -s "$(dirname "$RLHF")" bin
at() { # COLUMNS DIR
    COLUMNS=$1 "bin/$(basename "$RLHF")" demo "${tiny[@]}" --dir "$2" >out 2>err </dev/null
    status=$?
    exits 0 "a demo at $1 columns"
}
at 80 wide
[ "$(grep '  |  ' out | LC_ALL=C.UTF-8 wc -L)" -le 80 ] || fail "two answers fit beside each other"
[ "$(sed -n '/^The base reads/,/documentation/p' out | wc -L)" -le 80 ] || fail "the introduction fits"
grep -A 1 -F 'rlhf compare base aligned --rule kind' out | tail -n 1 | grep -qx '    --max-new-tokens 96 --corpus corpus.jsonl --report report.html' ||
    fail "a command goes on in a line of its own"
[ "$(grep -A 1 '^  step     0: ' out | tail -n 1 | cut -c 1-7)" = "  step " ] || fail "an untrained model has one line"
prints_like '^  iteration   [05]: kind opener +[0-9]+%, right first step +[0-9]+%, selling ' "traits by the names of the rule"
grep -E '^  iteration' out | grep -qvE '^  iteration   [0-9]: ' && fail "iterations stand under each other"
grep -qE '  aligned  against the base$' out || fail "the table says whom it compares with"
[ "$(grep -nE '^  (verdict:|on pairs of thing)' out | cut -d : -f 2 | cut -c 1-9 | tr '\n' ';')" = "  verdict;  on pair;" ] ||
    fail "the verdict stands with the prompts that it is about"
sed -n '/Go on there:/,/status/p' out | tail -n 2 >typed.sh
(. ./typed.sh) | grep -qF 'reward-1@' || fail "the last lines can be typed: $(cat typed.sh)"
at 60 narrow
grep -qF '  |  ' out && fail "at 60 columns the answers stand below each other"
prints_like '^  B: ' "answer B"

# ---- a folder that holds a demo ----
refused 1 "kind holds a demo: kind, seed 1; finished" demo --dir kind
refused 1 "kind was started with --taste kind, not --taste salesman" demo --dir kind --go-on --taste salesman
refused 1 "kind was started with --seed 1, not 2" demo --dir kind --go-on --seed 2
refused 1 "kind was started with --pairs 100, not 200" demo --dir kind --go-on --pairs 200
refused 1 "kind was started with other settings" demo --dir kind --go-on --set ppo.iterations=3
refused 1 "no demo in nowhere to go on with" demo --dir nowhere --go-on
refused 1 "kind/runs is no demo; nothing was changed" demo --dir kind/runs --again
refused 2 "--label needs a terminal" demo --dir labeled --label
refused 2 "none of kind, brief, salesman" demo --taste sour
must demo --dir kind --go-on --json
cmp -s out kind/summary.json || fail "a finished demo gone on with shows what it came to"

# ---- settings that cannot work are refused before anything runs, and before anything is removed ----
contradicts() {
    local words=$1
    shift
    refused 1 "$words" demo --dir fresh "$@"
    [ -z "$(echo fresh*)" ] || [ ! -e "$(echo fresh* | head -n 1)" ] || fail "a refused demo leaves nothing: $(echo fresh*)"
}
contradicts "ppo.minibatch_size 48 does not divide ppo.batch_size 256" --set ppo.minibatch_size=48
contradicts "ppo.kl_coef is 0, which no ppo.kl_target (8) can steer" --set ppo.kl_coef=0
contradicts "ppo.critic_warmup 2 leaves none of 2 iterations to the policy" --set ppo.iterations=2
contradicts "answers of 192 tokens (ppo.max_new_tokens) leave no room for a prompt in model.context 192" --set ppo.max_new_tokens=192
contradicts "answers of 96 tokens leave no room for a prompt in model.context 96" --set model.context=96 --set ppo.max_new_tokens=20
contradicts "model.heads 3 does not divide model.width 128" --set model.heads=3
refused 2 "ppo.clip_range: 5 is outside [0, 1]" demo --dir kind --again --set ppo.clip_range=5
refused 1 "ppo.minibatch_size 48 does not divide" demo --dir kind --again --set ppo.minibatch_size=48
refused 2 "--dir: 'kind/.' is no name for a new folder" demo --dir kind/. --again
refused 2 "--dir: '' is no name" demo --dir ''
[ -s kind/summary.json ] || fail "a demo that cannot begin removes none"

# ---- stopped and gone on with ----
"$RLHF" demo "${tiny[@]}" --dir stopped >log 2>err </dev/null &
program=$!
for _ in $(seq 600); do
    grep -q 'rlhf reward' log && break
    sleep 0.05
done
kill -INT $program
wait $program
[ $? -eq 130 ] || fail "a demo stopped by Ctrl-C exits 130"
grep -qF 'Go on with: rlhf demo --go-on --dir stopped' err || fail "it says how to go on: $(tail -n 2 err)"
grep -qF -- '--resume' err && fail "it says one way to go on: $(grep -F -- --resume err)"
grep -qF "the figures in its documentation do not apply" log || fail "a smaller demo says that it is one"
run demo --dir stopped  # the signal may come a moment after so small a reward model is done
exits 1 "a demo where one was stopped"
says_like 'done: corpus, pretrain, sample, label(; next: reward|, reward; next: ppo)$' "it says how far that one came"
"$RLHF" demo --dir stopped --go-on >log 2>err </dev/null &
program=$!
for _ in $(seq 1000); do
    [ -s stopped/runs/ppo-1/metrics.jsonl ] && break
    sleep 0.02
done
kill -INT $program
wait $program
grep -qF -- '--resume' err && fail "stopped in PPO it says one way to go on: $(grep -F -- --resume err)"
must demo --dir stopped --go-on
bars=$(cat log out | LC_ALL=C grep -o 'score [^ 0-9.-]*' | tail -n 1)
[ "$(printf '%s' "${bars#score }" | wc -c)" -eq 18 ] || fail "after a resume the curve has all 6 iterations, 3 bytes each: $bars"
must demo --dir stopped --go-on --json
[ "$(without_seconds out)" = "$(without_seconds kind/summary.json)" ] || fail "stopped and gone on with, the same numbers"
# a reader that has had enough ends it, as Ctrl-C does, but quietly
"$RLHF" demo "${tiny[@]}" --dir piped 2>err </dev/null | head -n 1 >out
status=${PIPESTATUS[0]}
exits 141 "a demo whose reader has gone"
grep -qE 'rlhf demo|stopped' err && fail "a demo whose reader has gone says nothing of it: $(cat err)"
run demo --dir piped
says_like 'piped holds a demo: kind, seed 1; .*next: (corpus|pretrain|sample)' "it stops soon"
must demo --dir piped --go-on --json
[ "$(without_seconds out)" = "$(without_seconds kind/summary.json)" ] || fail "cut off and gone on with, the same numbers"
echo '{}' >stopped/demo.json
refused 1 "stopped was started with other settings than demo.json has now" demo --dir stopped --go-on

# ---- other customers, and labels by people, which no new demo removes ----
printf 'a\nb\ns\nq\n' | "$RLHF" label --line --as ada --project kind >/dev/null 2>err || fail "labels: $(cat err)"
must demo "${tiny[@]}" --dir kind/ --again --taste salesman --json
grep -q '"taste":"salesman"' out || fail "the salesman's taste is in the summary"
kept=$(echo kind-[12]*)
grep -qF "3 labels by people are kept: the demo that was here is now $kept" err || fail "it says where labels are: $(cat err)"
grep -qF "rlhf export labels --project $kept" err || fail "it says how to write them out"
must export labels --project "$kept"
[ "$(grep -c '"annotator": "ada"' out)" -eq 3 ] || fail "the labels by people are all there"
must verify --project "$kept"
must export labels --project kind
grep -q '"annotator": "ada"' out && fail "the new demo begins without them"
# a database that cannot be read may hold labels
cp -r kind unreadable && head -c 5000 kind/rlhf.db >unreadable/rlhf.db
"$RLHF" demo "${tiny[@]}" --dir unreadable --again >log 2>err </dev/null &
program=$!
for _ in $(seq 200); do
    grep -q 'rlhf import' log && break
    sleep 0.05
done
kill -INT $program
wait $program
grep -q 'cannot be read.*is kept' err || fail "what cannot be read is kept: $(cat err)"
cmp -s unreadable-[12]*/rlhf.db <(head -c 5000 kind/rlhf.db) || fail "what cannot be read is kept as it was"
must demo "${tiny[@]}" --dir coin --placebo --set reward.shrink=true
prints "a placebo: labels that say nothing must lead nowhere."
prints "The reward model: looks for a pattern in coin tosses, and should find none"
prints "The scores say nothing: for all that the held-out labels can tell they are chance"
prints "PPO: the scores say nothing, so the policy should stay where the base is"
prints_like "^  KL -?[0-9.]+ nats: the scores give nothing to follow" "no curve of nothing"
grep -qE "learns to (predict|be preferred)|it likes best" out && fail "a placebo is not told as if it learned"
grep -qF "PPO has nothing to follow" coin/report.html || fail "the report says so too"
shown=$(sed -nE 's/.*accuracy on 20 held-out pairs ([0-9.]+);.*/\1/p' out)
must demo --dir coin --go-on --json
grep -q '"taste":"placebo"' out || fail "a placebo's taste is placebo"
accuracy=$(sed -E 's/.*"reward":\{"accuracy":([^,]*),.*/\1/' out)
[ "$(printf '%.3f' "$accuracy")" = "$shown" ] && [ "$shown" != 0.500 ] || fail "the accuracy is that before shrinking: $accuracy, $shown"
must export labels --project coin --split valid
grep -q '"annotator": "rule:coin"' out || fail "the labels of a placebo are coin tosses"

[ $failed -eq 0 ]

#!/usr/bin/env bash
# rlhf status: the models by name, and a next command that does not refuse.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
next() { # COMMAND WHY CLAIM: but for the settings, which are another claim
    must status
    grep -qE "^next: rlhf $1( --config [^ ]+)?   # (FILE is yours to name: |MORE is yours to name: )?$2" out || fail "$3: $(grep '^next' out)"
}
# What a command ends with is what status says; of its screen in `out`.
ends_as_status() { # WHAT
    grep '^next: ' out >ended
    must status
    [ "$(cat ended)" = "$(grep '^next: ' out)" ] || fail "$1 ends with $(cat ended), and status with $(grep '^next: ' out)"
}
# What a command would have found of larger models: theirs are good on this little only by luck.
found() { "$fixture" evaluation . "$@" || fail "an evaluation is stored"; } # COMMAND JSON
compared() { # VERDICT ALIGNED: of the base
    found compare "{\"base\":\"pretrain-1@2\",\"aligned\":\"$2\",\"n\":10,\"win_rate\":0.5,\"ci\":[0.2,0.8],\"verdict\":\"$1\"}"
}
right() { # LOW HIGH MODEL
    found "reward eval" "{\"model\":\"$3\",\"n\":10,\"accuracy\":0.7,\"ci\":[$1,$2]}"
}
[ -x "$fixture" ] || { echo "skipped: no $fixture" && exit 77; }

must init project
cd project || exit 1
prompts 0 55 | sed 's/prompt/text/' >../corpus.jsonl
prompts 0 19 >../train.jsonl
prompts 20 29 >../valid.jsonl
prompts 30 39 >../test.jsonl
must import ../train.jsonl --split train
must import ../test.jsonl --split test
must status
prints_like '^  base +none yet$' "no base is told"
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=2
must status
prints_like '^  base +pretrain-1@2$' "status names the run of the base"
prints_like '^  reward +none yet$' "status says that there is no reward model"

# ---- too few labels to hold any out ----
next sample "two answers" "without pairs, sampling comes next"
must sample --max-new-tokens 12
next "import MORE --split valid" "the valid split has prompts for 0 of the 10 labels to hold out" "what labeling cannot give is asked for at once"
must status
prints_like '^  comparisons +20   0 labeled, 20 to do$' "pairs that nobody has judged"
must judge --rule longer
must status
prints_like '^  comparisons +20   20 labeled, 20 to do \(20 judged by a rule alone\): rule:longer 20$' "what a rule has judged is still offered to people"
cp -r . ../judged
printf 'a\nq\n' | "$RLHF" label --line --as ada --project ../judged >/dev/null 2>&1
must status --project ../judged
prints '19 to do (19 judged by a rule alone): rule:longer 20, ada 1'
must status --json --project ../judged
prints '"labeled":20,"to_do":19,"by_rule_alone":19,'
next "import MORE --split valid" "the valid split has prompts for 0 of the 10 labels" "with nothing to label or to ask, import comes next"
run reward --config "$tiny"
exits 1 "reward with no label held out"
says "0 labels held out, at least 10 are needed (20 to learn from); import more prompts, or: rlhf reward --no-eval"
says "the valid split has too few prompts, which labeling cannot mend: rlhf import MORE --split valid, then sample and label"
head -n 9 ../valid.jsonl >../nine.jsonl
must import ../nine.jsonl --split valid
next "import MORE --split valid" "the valid split has prompts for 9 of the 10 labels to hold out" "prompts count as far as they go"
must import ../valid.jsonl --split valid
# nothing goes on in a campaign that is closed: it is said, and not proposed
must campaign close default
next "campaign open default" "campaign default is closed; then rlhf sample" "no pairs are made for a closed campaign"
must campaign open default
next sample "10 more labels needed: 0 to learn from, 10 to hold out" "with prompts unanswered, sampling comes next"
must sample --max-new-tokens 12
next label "10 more labels needed" "with pairs to do, labeling comes next"
must campaign close default
next "campaign open default" "campaign default is closed; then rlhf label" "and none of a closed campaign are labeled"
prints_like '^  comparisons .* 20 labeled, 0 to do:' "nor counted as to do"
must campaign open default
run reward --config "$tiny"
exits 1 "reward with pairs to label"
says "0 labels held out, at least 10 are needed (20 to learn from); label more, or: rlhf reward --no-eval"
! grep -q "sample" err || fail "what labeling mends needs no other advice: $(cat err)"
must judge --rule longer
next reward "learn" "with enough labels, the reward model comes next"
prints "next: rlhf reward --config $tiny " # the file that pretrain was given has a section for it
must status --project .
prints "next: rlhf reward --config $tiny --project . "

cp -r . ../bare
must reward --project ../bare
says "settings of the project and defaults; earlier ones: --config $tiny"

# ---- the chain to its end, and round again ----
must reward --config "$tiny" --set reward.epochs=1
grep -q "earlier ones" err && fail "who gives settings is not told of others"
ends_as_status reward
grep -q "go on\|label more" ended && fail "nor is anything else advised"
must status
prints_like '^  reward +reward-1@3 +right on [01]\.[0-9]+ \[.*\] of 10 held-out pairs$' "status shows what the reward model reaches"
cp -r . ../unmeasured
right 0.5 0.9 reward-1@3
next "import FILE" "the reward model cannot be told from chance: more labels first" "an interval that holds one half is no reason for PPO"
found "reward eval" '{"model":"reward-1@3","n":10,"accuracy":0.5,"ci":[0.2,0.8],"underfit":true}'
# configs/tiny.json has 3e-3, which is high: twice its one pass
next "reward --epochs 2" "it has not learned its own pairs either" "what was not learned is no reason for more labels"
prints "next: rlhf reward --epochs 2 --config runs/reward-1/settings.json " # that run had settings of its own
right 0.5 0.9 reward-1@3
cp -r . ../chance
must ppo --project ../chance --config "$tiny" --set ppo.iterations=1
says "warning: the held-out pairs cannot tell the reward model reward-1@3 from chance"
right 0.51 0.9 reward-1@3
next ppo "train" "after a reward model that is better than chance, PPO comes next"
must ppo --config "$tiny" --set ppo.iterations=2 --set ppo.save_every=1
grep -q "warning: the held-out pairs" err && fail "a reward model that is better than chance is no reason to warn"
next compare "base against aligned" "after PPO, the comparison comes next"
compare=(compare --rule longer --best-of 0 --max-new-tokens 12)
must "${compare[@]}" ppo-1@1 aligned
next compare "base against aligned" "aligned against another model than the base is no comparison with the base"
grep -q 'against the base' out && fail "nor shown as one: $(grep '^  aligned' out)"
must "${compare[@]}" base ppo-1@1
next compare "base against aligned" "another step of the aligned model's run is another model"
# what the reward model says of the model that it trained has its caution right below, wherever the number stands
caution="Judged by the model it was trained on: an upper bound, not evidence."
COLUMNS=300 run compare base ppo-1@1 --best-of 0 --max-new-tokens 12 --show 0
exits 0 "a comparison by the reward model"
grep -A 1 '^  aligned beats base, by the reward model' out | tail -n 1 | grep -qxF "      $caution" || fail "on the screen"
prints "for evidence ask people: rlhf compare --by people"
must report base ppo-1@1 --text
grep -A 2 '^  aligned against base, by the reward model' out | tail -n 1 | grep -qxF "  $caution" || fail "in the terminal's report"
must report base ppo-1@1
grep -qE "<div>aligned against base</div><span class=\"note\">by the reward model, 10 test prompts</span><span class=\"note\">[^<]*</span><span class=\"caution\">$caution</span>" report.html ||
    fail "on the page"
must "${compare[@]}" base ppo-1@1
must "${compare[@]}" "$PWD/runs/pretrain-1/checkpoints/step-000002" ppo-1
next "import FILE" "compare said: [a-z ]+: more labels first" "base and aligned are known by what they are, not by how they are named"
must "${compare[@]}"
ends_as_status compare
must status
prints_like '^  aligned +ppo-1@2 +[a-z ]+: [01]\.[0-9]+ \[.*\] against the base on 10 test prompts$' "status shows what compare found"
for verdict in worse "cannot tell" "no difference" "better by the score but broken"; do
    compared "$verdict" ppo-1@2
    next "import FILE" "compare said: $verdict: more labels first; docs/guide.md" "no second round of what is $verdict"
done
compared better ppo-1@2
next "sample --model aligned" "its own answers" "once better, a second round comes next"
must sample --model aligned --max-new-tokens 12
next label "more labels for a second round" "the second round's pairs are to be labeled"
must judge --rule longer
COLUMNS=200 run report base ppo-1@1 --text
prints_like '^  labels +[0-9]+ by rule:longer.*; [0-9]+ newer than the reward model, which was not trained on them$' "where it comes from names the labels it does not come from"
next reward "[0-9]+ labels newer than the reward model" "labels newer than the reward model are for a new one"
must reward --config "$tiny" --set reward.epochs=1
right 0.4 0.6 reward-2@5
next "import FILE" "the reward model cannot be told from chance" "nor is the second one a reason for PPO"
right 0.6 0.9 reward-2@5
compared worse ppo-1@2
next ppo "from the base again" "what is worse is not gone on from"
compared better ppo-1@2
next "ppo --model aligned --reference base" "a second round" "with a new reward model, PPO goes on from aligned"
must ppo --model aligned --reference base --config "$tiny" --set ppo.iterations=1
next compare "base against aligned" "a new aligned model is compared anew"

must status --json
prints '"aligned":{"name":"ppo-2@1","path":"runs/ppo-2/checkpoints/step-000001","there":true}'
mv runs/ppo-2 ..
must status
prints "gone: no config.json in runs/ppo-2/checkpoints/step-000001"

# ---- reward --no-eval ----
must reward --project ../unmeasured --config "$tiny" --set reward.epochs=1 --no-eval --json
grep -q '"ece"' out && fail "reward --no-eval measures nothing: $(cat out)"
says "how often it is right was not measured: rlhf reward eval"
must status --project ../unmeasured
prints_like '^  reward +reward-2@3$' "nothing is told of what was not measured"
cd ../unmeasured || exit 1
printf '{"prompt":"p","chosen":" a","rejected":" b"}\n' >../held-out.jsonl
must reward eval --data ../held-out.jsonl
prints_like '^reward: right on [01](\.5)? of 1 pair of ../held-out.jsonl: ' "pairs of a file are not called held out"
! grep -q "go on" out || fail "nor are they a reason to go on: $(cat out)"
must reward eval --model reward-1
must status
prints_like '^  reward +reward-2@3$' "nor of what was measured on a file, or of another model"
must reward eval
prints 'it cannot be told from chance: the interval holds 0.5'
ends_as_status "reward eval"
must reward eval
! grep -q "go on" out || fail "what is no better than chance is no reason to go on: $(cat out)"
must status
prints_like '^  reward +reward-2@3 +right on [01]\.[0-9]+ \[.*\] of 10 held-out pairs$' "what reward eval found is told"
[ $failed -eq 0 ]

#!/usr/bin/env bash
# rlhf ppo --answers: what the policy said in training, with the scores it was trained on.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

sentences '\\\"'
must init whole
must import --project whole prompts.jsonl
must pretrain --project whole corpus.jsonl --config "$tiny" --set pretrain.steps=40
must sample --project whole --max-new-tokens 16
must judge --project whole --rule longer
must reward --project whole --config "$tiny" --no-eval
cp -r whole stopped
ppo=(--config "$tiny" --set ppo.iterations=3 --set ppo.batch_size=8 --set ppo.minibatch_size=4)
must ppo --project whole "${ppo[@]}" --answers
answers=whole/runs/ppo-1/answers.jsonl

# ---- one line an answer of each rollout ----
[ "$(grep -c '"finished":' $answers)" -eq 24 ] || fail "3 iterations of 8 answers are 24 lines: $(wc -l <$answers)"
for step in 1 2 3; do
    [ "$(grep -c "^{\"step\":$step,\"prompt\":\"the .*\",\"prompt_ids\":\[[0-9,]*\],\"response\":\".*\",\"ids\":\[[0-9,]*\],\"score\":.*,\"kl\":.*}$" $answers)" -eq 8 ] ||
        fail "8 answers of step $step: $(head -n 1 $answers)"
done

# ---- the score inside PPO is the one `reward score` prints ----
grep -o '"score":[^,]*' $answers | sed 's/.*/{&}/' >inside
"$RLHF" reward score --project whole <$answers >outside 2>err || fail "reward score reads answers.jsonl: $(cat err)"
[ "$(sort -u inside | wc -l)" -gt 8 ] || fail "answers have scores of their own: $(cat inside)"
cmp -s inside outside || fail "the same scores to the last digit: $(diff inside outside | head -n 4)"

# ---- and what the record is the mean of ----
awk -F'"kl":' '{ step = $1; sub(/^{"step":/, "", step); kl[step + 0] += $2 / 8 }
    END { for (s = 1; s <= 3; s++) printf "%.6f\n", kl[s] }' $answers >kl
sed 's/.*"objective\/kl":\([^,]*\),.*/\1/' whole/runs/ppo-1/metrics.jsonl | awk '{ printf "%.6f\n", $1 }' >recorded
cmp -s kl recorded || fail "the mean KL of the answers is the recorded one: $(paste kl recorded)"

# ---- a stop changes nothing, and the file goes on by itself ----
must ppo --project stopped "${ppo[@]}" --answers --stop-after 2
[ "$(wc -l <stopped/runs/ppo-1/answers.jsonl)" -eq 16 ] || fail "two iterations are 16 answers"
grep '^{"step":3' $answers | head -c 2000 >>stopped/runs/ppo-1/answers.jsonl # what a crash after the checkpoint leaves
must ppo --project stopped "${ppo[@]}" --resume
cmp -s $answers stopped/runs/ppo-1/answers.jsonl || fail "a resumed run has each answer once"

# ---- nothing where nobody asked ----
must ppo --project stopped "${ppo[@]}" --run without --set ppo.iterations=1
[ ! -e stopped/runs/without/answers.jsonl ] || fail "no answers.jsonl without --answers"

# ---- tokens that are not those of the text ----
score() { # ROW
    printf '%s\n' "$1" | "$RLHF" reward score --project whole >out 2>err
    status=$?
}
score '{"prompt":"the lamp","response":" please","ids":[70,71]}'
exits 1 "reward score of ids and another text"
says "line 1: response is not the text of ids"
score '{"prompt":"the lamp","response":" please","ids":[99999]}'
says "line 1: ids: a token id is a whole number in [0, "
score '{"prompt":"the lamp","response":" please","ids":[]}'
says "line 1: ids is no list of token ids"
score '{"prompt":"the lamp","prompt_ids":[70,71],"response":" please"}'
says "line 1: prompt is not the text of prompt_ids"
score '{"prompt":"the lamp","prompt_ids":[99999],"response":" please"}'
says "line 1: prompt_ids: a token id is a whole number in [0, "
score '{"prompt":"the lamp","prompt_ids":"no","response":" please"}'
says "line 1: prompt_ids is no list of token ids"
[ $failed -eq 0 ]

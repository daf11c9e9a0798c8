#!/usr/bin/env bash
# PPO as a run: held-out answers on the way, the best checkpoint, bounds, live settings, a value head on the trunk.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny=$SOURCE_DIR/configs/tiny.json

sentences
must init .
must import demonstrations.jsonl
must pretrain corpus.jsonl --config "$tiny" --set pretrain.steps=40
must sample --max-new-tokens 12
must judge --rule longer
must reward --config "$tiny" --no-eval --set reward.epochs=1
ppo=(ppo --config "$tiny" --set ppo.iterations=4 --set ppo.batch_size=8 --set ppo.minibatch_size=4)
metric() { # NAME RUN: its value in each record that has it
    sed -n "s|.*\"$1\":\([^,}]*\).*|\1|p" "runs/$2/metrics.jsonl" | tr '\n' ' '
}

# ---- the same two prompts, answered on the way ----
must "${ppo[@]}" --show-every 2 --eval-every 2 --save-every 0
[ "$(cut -d, -f1 runs/ppo-1/samples.jsonl | tr -d '\n')" = '{"step":1{"step":1{"step":2{"step":2{"step":4{"step":4' ] ||
    fail "two answers after the first iteration and every second: $(cut -d, -f1 runs/ppo-1/samples.jsonl)"
[ "$(grep -o '"prompt":"[^"]*"' runs/ppo-1/samples.jsonl | sort | uniq -c | awk '{ print $1 }' | tr -d '\n')" = 33 ] ||
    fail "to the same two prompts each time"
says_like '^held out, after 4: the .* \|.* \(score -?[0-9.]+\)$' "they are on the log too"

# ---- the best checkpoint ----
best=$(metric eval/best ppo-1 | awk '{ print $NF }')
awk -v r="$(metric eval/win_rate ppo-1)" 'BEGIN { exit split(r, a, " ") != 2 }' || fail "a win rate every two iterations: $(metric eval/win_rate ppo-1)"
if [ -n "$best" ]; then
    says_like "^best on held-out prompts: after $best, wins [01]\.[0-9]+ of them against the reference by the reward model$" "which is the best"
    [ -e "runs/ppo-1/checkpoints/step-00000$best/model.safetensors" ] || fail "the best checkpoint is kept"
    grep -q "\"aligned\":.*runs/ppo-1/checkpoints/step-00000$best\"" project.json || fail "it is what aligned means: $(cat project.json)"
fi

# RUN means the best, wherever a model is named; the best is known by the newest checkpoint
cp -r runs/ppo-1 runs/other
[ -e runs/other/checkpoints/step-000002 ] || cp -r runs/other/checkpoints/step-000004 runs/other/checkpoints/step-000002
sed -i 's/"best": -\?[0-9]*/"best": 2/' runs/other/checkpoints/step-000004/ppo.json
run generate --model other --prompt "the lamp" --max-new-tokens 1
says_like '= runs/other/checkpoints/step-000002, its best on held-out prompts \(its last: other@4\)$' "RUN is its best, and which is its last is said"
must init --aligned other
prints "aligned = other@2"
must models
grep -qE '^other .* = other@2$' out || fail "models says the same of it: $(grep other out)"
must init --aligned ppo-1
rm -r runs/other
awk -v s="$(metric objective/finished ppo-1)" 'BEGIN { n = split(s, a, " "); exit !(n == 4 && a[1] >= 0 && a[1] <= 1) }' ||
    fail "the share of finished answers is in the record"
[ "$(metric time/updating ppo-1 | wc -w)" -eq 4 ] || fail "so are the times of its phases"

# ---- what only shows changes no bit ----
must "${ppo[@]}" --run plain --show-every 0 --eval-every 0
says "aligned was ppo-1@${best:-4}; back to it: rlhf init --aligned ppo-1@${best:-4}"
must init --aligned "ppo-1@${best:-4}"
grep -q "\"aligned\":.*runs/ppo-1/checkpoints/step-00000${best:-4}\"" project.json || fail "and that is the way back: $(cat project.json)"
for file in model.safetensors optimizer.safetensors value/model.safetensors; do
    cmp -s runs/ppo-1/checkpoints/step-000004/$file runs/plain/checkpoints/step-000004/$file || fail "looking changes $file"
done
[ ! -e runs/plain/samples.jsonl ] || fail "no answers where none were asked for"

# ---- bounds ----
must "${ppo[@]}" --run bound --stop-ratio 1 --eval-every 0
says_like '^halted after 1 of 4: the largest ratio is [0-9.]+, beyond ppo.stop_ratio 1$' "a run that leaves its bounds halts"
grep -q '"state": "stopped"' runs/bound/state.json || fail "and can go on"
! grep -q "is now the project's aligned" err || fail "it has no end to call aligned"

must "${ppo[@]}" --run brink --stop-ratio 1 --eval-every 0 --iterations 1
says_like '^halted with its last iteration: the largest ratio is [0-9.]+, beyond ppo.stop_ratio 1$' "bounds hold for the last iteration too"
must ppo --run brink --resume
! grep -q "is now the project's aligned" err || fail "nor does what comes again to its end make it aligned"

# ---- ends that are no gain ----
must "${ppo[@]}" --run still --iterations 1 --eval-every 1 --learning-rate 0
says "best on held-out prompts: after 1, wins 0.50 of them"
says "warning: that is no more than the reference wins against it: nothing was gained"
must "${ppo[@]}" --run wrecked --iterations 1 --eval-every 1 --learning-rate 1
says "warning: no look at held-out prompts found sound answers"

# ---- live settings ----
refused 1 "ppo.gamma was 1 and is 0.5 now" "${ppo[@]}" --run bound --resume --set ppo.gamma=0.5
says "those marked live may change"
refused 1 "ppo.gamma was 1 and is 0.5 now" "${ppo[@]}" --run bound --resume --set ppo.gamma=0.5 --set ppo.kl_coef=0.2
must ppo --run bound --resume --stop-ratio 0 --set ppo.kl_coef=0.2 --set ppo.iterations=3
says "from here on: ppo.iterations was 4 and is 3; ppo.kl_coef was 0.05 and is 0.2; ppo.stop_ratio was 1 and is 0"
prints_like '^bound: 3 iterations, ' "the run ends where it now should"
sed -n 2p runs/bound/metrics.jsonl | grep -qF '{"step":1,"event":"settings","settings":{"ppo.iterations":{"was":4,"is":3},"ppo.kl_coef":{"was":0.05,"is":0.2}' ||
    fail "the record says what changed, and where: $(sed -n 2p runs/bound/metrics.jsonl)"
metric objective/kl_coef bound | grep -q '^0.05 0.2 ' || fail "the coefficient is the new one: $(metric objective/kl_coef bound)"
grep -q '"kl_coef": 0.2' runs/bound/settings.json || fail "and so the run's settings"
must ppo --run bound --resume --set ppo.iterations=4
prints_like '^bound: 4 iterations, ' "a run that has ended goes on when it is to have more iterations"

# ---- a run from before a setting was there ----
must "${ppo[@]}" --run older --stop-after 1
sed -i '/"dual_clip"/d' runs/older/settings.json
refused 1 "ppo.dual_clip was not there and is 3 now" ppo --run older --resume --dual-clip 3
must ppo --run older --resume --stop-after 1
! grep -q '"event"' runs/older/metrics.jsonl || fail "a default is what was always done, and no change"
grep -q '"dual_clip": 0' runs/older/settings.json || fail "from then on it is among the settings"

# ---- a value head on the policy's trunk ----
must "${ppo[@]}" --run shared --value shared --stop-after 2 --set ppo.kl_target=0
must ppo --run shared --resume
must "${ppo[@]}" --run whole --value shared --set ppo.kl_target=0
for file in model.safetensors optimizer.safetensors heads.safetensors; do
    cmp -s runs/shared/checkpoints/step-000004/$file runs/whole/checkpoints/step-000004/$file || fail "shared: other bits of $file after a stop"
done
[ ! -e runs/shared/checkpoints/step-000004/value ] || fail "there is no second model"
must generate --model shared --prompt "the red lamp" --max-new-tokens 4
must "${ppo[@]}" --critic-warmup 4 --set ppo.iterations=4 --dry-run
says "warning: ppo.critic_warmup 4 leaves none of the 4 ppo.iterations for the policy"
must "${ppo[@]}" --critic-warmup 3 --set ppo.iterations=4 --dry-run
! grep -q "leaves none" err || fail "one iteration is some: $(cat err)"
refused 1 "ppo.dual_clip 0.5: a ratio that clips bad tokens is above 1" "${ppo[@]}" --dual-clip 0.5
must "${ppo[@]}" --reference ppo-1 --stop-after 1
says "reference: ppo-1 = runs/ppo-1/checkpoints/"
refused 1 "no train prompts of source nowhere" "${ppo[@]}" --source nowhere
refused 1 "ppo.value shared has one trunk" "${ppo[@]}" --value shared --critic-warmup 1
must "${ppo[@]}" --value shared --set lora.rank=2 --run adapters --stop-after 1
must ppo --run adapters --resume --stop-after 1

# ---- models that do not go together ----
cp project.json before.json
must pretrain corpus.jsonl --config "$tiny" --set pretrain.steps=1 --set model.vocabulary=300 --run words
must reward --model words --config "$tiny" --no-eval --set reward.epochs=0.01 --run words-reward
must pretrain corpus.jsonl --config "$tiny" --set pretrain.steps=1 --set model.layers=1 --run flat
cp before.json project.json
refused 1 "has another tokenizer than the policy" "${ppo[@]}" --reward words-reward
refused 1 "has another tokenizer than the policy" "${ppo[@]}" --reward reward-1 --reference words
refused 1 "the reference flat is a llama of 1 layers, 32 wide, the policy base a llama of 2, 32 wide: it did not begin as that" \
    "${ppo[@]}" --reward reward-1 --reference flat
says "--reference names the model that the policy was trained from"
cmp -s project.json before.json || fail "what is refused is refused before work starts"
[ $failed -eq 0 ]

#!/usr/bin/env bash
# rlhf demo on a terminal (tmux): the person's turn of --label, and what is offered for a folder that is there.
set -u
[ -x "${RLHF:-}" ] || { echo "RLHF must name the program" && exit 1; }
command -v tmux >/dev/null || { echo "skipped: no tmux" && exit 77; }
dir=$(mktemp -d) || exit 1
export TMUX_TMPDIR=$dir GOMP_SPINCOUNT=1000
unset RLHF_PROJECT RLHF_ANNOTATOR TMUX NO_COLOR
t() { tmux -L demo -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null; rm -rf "$dir"' EXIT
screen() { t capture-pane -p -S -200 -t w; }
fail() {
    echo "FAILED: $1"
    screen
    exit 1
}
keys() { t send-keys -t w "$@"; }
see() {
    for _ in $(seq 1200); do
        screen | grep -q -- "$1" && sleep 0.45 && return
        sleep 0.05
    done
    fail "the screen never showed: $1"
}

cat >"$dir/run" <<EOF
trap : INT
cd "$dir"
"$RLHF" demo --dir labeled --label --conversations 400 --prompts 400 --pairs 100 --n 30 --threads 1 \
    --set model.layers=1 --set model.width=32 --set model.heads=2 --set model.mlp=64 --set model.vocabulary=500 \
    --set pretrain.epochs=1 --set ppo.iterations=200000 --set ppo.batch_size=16 --set ppo.minibatch_size=16
echo "ended with \$?"
"$RLHF" demo --dir labeled --taste brief
echo "left with \$?"
sleep 600
EOF
t new-session -d -s w -x 130 -y 40 "sh '$dir/run'" || fail "tmux"

see 'Enter opens the labeling tool'
screen | grep -q '40 labels do not train a reward model of this size' || fail "it says what the turn is for"
keys Enter
see 'say which answer is better'
t send-keys -t w x
see 'press the key of the better one'
keys a
see 'saved #1'
keys b
see 'saved #2'
keys q
see 'you agreed with the customer of taste salesman on [0-9.]* of 2'
see 'your own labels are added with weight 5'
see 'reward.people_weight=5'
see 'rlhf ppo'
see 'iteration/s'
keys C-c
see 'ended with 130'
screen | grep -q 'Go on with: rlhf demo --go-on --dir labeled' || fail "it says how to go on"

see 'It was started with --label, not --taste brief'
screen | grep -q 'g  go on' && fail "a demo of another taste is not gone on with"
screen | grep -q 's  start again: what is there is moved aside' || fail "the person's labels would be kept"
keys q Enter
see 'left with 0'
"$RLHF" verify --project "$dir/labeled" >/dev/null || fail "verify"

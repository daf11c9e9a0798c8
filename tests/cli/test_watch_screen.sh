#!/usr/bin/env bash
# rlhf watch on a terminal (tmux): it draws over itself, q leaves the run running, and it ends when the run does.
command -v tmux >/dev/null || { echo "skipped: no tmux" && exit 77; }
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
export TMUX_TMPDIR=$folder LC_ALL=C.UTF-8
unset TMUX
t() { tmux -L watch -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null; "$RLHF" stop >/dev/null 2>&1; rm -rf "$folder"' EXIT
see() { # PATTERN
    for _ in $(seq 1200); do
        t capture-pane -p -t w 2>/dev/null | grep -qE -- "$1" && return
        sleep 0.05
    done
    fail "the screen shows: $1, not $(t capture-pane -p -t w)"
}
ended() { # STATUS: what watch left
    for _ in $(seq 1200); do
        [ -s ended ] && break
        sleep 0.05
    done
    [ "$(cat ended)" = "$1" ] || fail "watch ends with $1: $(cat ended)"
    rm -f ended
}
screen() { t new-session -d -s w -x 40 -y 20 "'$RLHF' watch; echo \$? >ended; sleep 1000"; }

for i in $(seq 40); do printf '{"text":"the %d green lamps are not broken ."}\n' "$i"; done >corpus.jsonl
must init .
must pretrain corpus.jsonl --config "$SOURCE_DIR/configs/tiny.json" --set pretrain.steps=1000000000 --detach --run far

# ---- q leaves, and nobody notices ----
screen
see '^far   running   step [0-9,]+/1,000,0'
see '^  loss +[0-9.]+  [▁▂▃▄▅▆▇█]{3,}'
see '^q: leave, it goes on; to end it: rlhf s'
first=$(t capture-pane -p -t w | head -n 1)
for _ in $(seq 1200); do # until it was drawn again
    [ "$(t capture-pane -p -t w | head -n 1)" = "$first" ] || break
    sleep 0.05
done
[ "$(t capture-pane -p -t w | grep -c '^far ')" -eq 1 ] || fail "each view is drawn over the one before"
t send-keys -t w q
ended 0
must runs
prints_like '^far +running ' "the run goes on"
t kill-session -t w

# ---- it ends with the run ----
screen
see '^far   running'
must stop
ended 0
see '^far   stopped   step '
! t capture-pane -p -t w | grep -q '^q: leave' || fail "of a run that has ended nobody needs to leave"
[ $failed -eq 0 ]

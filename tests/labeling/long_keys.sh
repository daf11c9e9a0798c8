#!/bin/sh
# 10,000 random keys in bursts into the real screen, as a person on a bad line would send them: no label is
# younger than the quarter second for which its pair must have been in view.  KEYS=N sends fewer.
set -u
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
dir=$(mktemp -d) || exit 1
TMUX_TMPDIR=$dir
export TMUX_TMPDIR
unset RLHF_PROJECT RLHF_ANNOTATOR TMUX
t() { tmux -L long-keys -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $1"; t capture-pane -p -t w; exit 1; }

mkdir "$dir/p" && "$fixture" make "$dir/p" 2000 || fail "the fixture"
t new-session -d -s w -x 80 -y 24 "exec '$RLHF' label --project '$dir/p' --as ada" || fail "tmux"
pid=$(t display-message -p -t w '#{pane_pid}')
# A line a burst: how long to wait before it, in thousandths, and its 16 keys; q would end it all.
awk -v keys="${KEYS:-10000}" 'BEGIN {
    srand(7); all = "abtsfunhgpdzjk0123456789? "
    for (i = 0; i < keys / 16; i++) {
        burst = ""
        for (k = 0; k < 16; k++) burst = burst substr(all, 1 + int(rand() * length(all)), 1)
        printf "%d|%s\n", rand() * 600, burst
    }
}' >"$dir/bursts"
n=0
while IFS='|' read -r wait burst; do
    sleep "$(printf '0.%03d' "$wait")"
    t send-keys -t w -l -- "$burst" || break
    n=$((n + 1))
    # whatever page, menu or note it is in
    [ $((n % 5)) -ne 0 ] || t send-keys -t w Escape
done <"$dir/bursts"
kill -0 "$pid" 2>/dev/null || fail "it ended after $n bursts"
kill -TERM "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done

"$RLHF" export labels --project "$dir/p" >"$dir/labels" || fail "export labels"
awk -v keys="${KEYS:-10000}" '
    /"op": *"set"/ {
        if (!match($0, /"first_input_us": *[0-9]+/)) { print "no first key: " $0; bad = 1; next }
        first = substr($0, RSTART, RLENGTH)
        match($0, /"shown_us": *[0-9]+/)
        shown = substr($0, RSTART, RLENGTH)
        gsub(/[^0-9]/, "", first)
        gsub(/[^0-9]/, "", shown)
        labels++
        if (first - shown < 250000) { print "too early: " $0; bad = 1 }
    }
    END { print labels + 0 " labels"; exit bad || labels < keys / 160 }' "$dir/labels" || fail "labels older than their pair"
echo "long_keys: $n bursts, and no label older than its pair"

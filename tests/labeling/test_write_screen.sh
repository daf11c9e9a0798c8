#!/bin/sh
# Writing in a real terminal (tmux): what is pasted is text, what is saved is on the disk, what is begun outlives a
# lost line and a signal.
set -u
command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }
dir=$(mktemp -d) || exit 1
TMUX_TMPDIR=$dir
export TMUX_TMPDIR
unset RLHF_PROJECT RLHF_ANNOTATOR TMUX NO_COLOR
server=0 # a new one for each start: an old one takes its time to go
t() { tmux -L "writing-$server" -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null; rm -rf "$dir"' EXIT
screen() { t capture-pane -p -t w; }
fail() { echo "FAILED: $1"; screen; exit 1; }
see() {
    for _ in $(seq 400); do
        screen | grep -q -- "$1" && return 0
        sleep 0.02
    done
    fail "the screen never showed: $1"
}
keys() { t send-keys -t w "$@"; }
ready() { sleep 0.3; } # longer than keys wait behind a question
project="$dir/p"
draft="$project/.draft-dialogue-1.json"
start() {
    t kill-server 2>/dev/null
    server=$((server + 1))
    t new-session -d -s w -x 80 -y 24 "'$RLHF' write --project '$project' --as ada; echo status \$?; sleep 600" || fail "tmux"
}
gone() {
    for _ in $(seq 400); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.02
    done
    fail "it does not end"
}
pid() { pgrep -P "$(t display-message -p -t w '#{pane_pid}')" -x rlhf; }

"$RLHF" init "$project" >/dev/null 2>&1 || exit 1
start
see 'Write a prompt'
keys 'Why?' Tab
# A newline, a tab, and bytes that would save, leave and drop, were they keys.
printf 'It\tleaks\ny\023\030d' | t load-buffer -
t paste-buffer -p -t w
see 'left out'
screen | grep -q 'Answer 3 words, 11 characters' || fail "a paste is text, tabs and line ends"
screen | grep -q '0 saved' || fail "and saves nothing"

# The line is lost; then the program is ended by a signal; both times the next start shows what was begun.
writer=$(pid)
t kill-server
gone "$writer"
[ "$(stat -c %a "$draft")" = 600 ] || fail "a draft is its writer's alone"
start
see 'here is what you had begun'
screen | grep -q 'leaks' || fail "after a lost line it is all there"
keys Enter 'and hisses.'
see 'hisses'
kill -TERM "$(pid)"
see 'status 143'
start
see 'here is what you had begun'
screen | grep -q hisses || fail "after a signal too"
keys C-s
see 'saved #1: demonstration 1'
"$RLHF" export demonstrations --project "$project" | grep -qF 'It\tleaks\nyd\nand hisses.' || fail "saved is on the disk"
[ ! -e "$draft" ] || fail "and the draft is gone"

keys More
see More
keys C-x
see 'This is not saved yet'
ready
keys d
see 'status 0'
see '1 demonstration written as ada'
[ ! -e "$draft" ] || fail "what is dropped is gone"
echo "writing: all as claimed"

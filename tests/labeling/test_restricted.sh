#!/bin/sh
# A login that may only label: no way into a shell, nobody else's name, no other project.
set -u
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
dir=$(mktemp -d) || exit 1
TMUX_TMPDIR=$dir
export TMUX_TMPDIR
unset RLHF_PROJECT RLHF_ANNOTATOR TMUX
t() { tmux -L restricted -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAILED: $1"; t capture-pane -p -t w 2>/dev/null; cat "$dir/err" 2>/dev/null; exit 1; }
see() {
    for _ in $(seq 400); do
        t capture-pane -p -t w | grep -q -- "$1" && return 0
        sleep 0.02
    done
    fail "the screen never showed: $1"
}
mkdir "$dir/p" && "$fixture" make "$dir/p" 3 || fail "the fixture"
label() { "$RLHF" label --line --restricted "$@" </dev/null >"$dir/out" 2>"$dir/err"; }

label --project "$dir/p" && fail "it must be told who labels"
grep -q 'restricted needs --as' "$dir/err" || fail "and says so"
RLHF_ANNOTATOR=eve label --project "$dir/p" && fail "the login does not choose the name"
RLHF_PROJECT=$dir/p label --as maya && fail "nor the project"
grep -q 'RLHF_PROJECT is set' "$dir/err" || fail "and says so"
label --as maya --project "$dir/p" || fail "with both it labels"

# Ctrl-Z would stop the program and show the shell that it was started from; Ctrl-\ would end it.
t new-session -d -s w -x 80 -y 24 "env -i PATH='$PATH' HOME='$dir' TERM=screen PS1='shell> ' sh -i" || fail "tmux"
see 'shell>'
t send-keys -t w -l "'$RLHF' label --project '$dir/p' --as maya --restricted" && t send-keys -t w Enter
see 'say which answer is better'
t send-keys -t w x
see 'prompt 1'
t send-keys -t w C-z
t send-keys -t w 'C-\'
sleep 0.4
t send-keys -t w a
see 'saved #1: A is better'
t send-keys -t w q
see 'Undo the last'
echo "restricted: no way out"

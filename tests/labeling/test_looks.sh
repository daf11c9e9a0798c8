#!/bin/sh
# What the labeling screen looks like at 80x24 and 160x50, as text in tests/golden/screens; times and clocks are
# shown as #.  With GOLDEN=new the texts are written anew: look at them before they are kept.
set -u
scene="$(dirname "$RLHF")/tests/labeling_test_scene"
golden="$SOURCE_DIR/tests/golden/screens"
command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }
[ -x "$scene" ] || { echo "skipped: no $scene"; exit 77; }
dir=$(mktemp -d) || exit 1
TMUX_TMPDIR=$dir
export TMUX_TMPDIR
unset RLHF_PROJECT RLHF_ANNOTATOR TMUX NO_COLOR
server=0 # a new one for each pair of windows: an old one takes its time to go
t() { tmux -L "looks-$server" -f /dev/null "$@"; }
anew() {
    t kill-server
    server=$((server + 1))
}
trap 't kill-server 2>/dev/null; rm -rf "$dir"' EXIT
screen() { t capture-pane -p -t "$1"; }
fail() { echo "FAILED: $1"; exit 1; }
plain() { # no two runs take the same time
    sed -e 's/[0-9][0-9]*\.[0-9] s/# s/' -e 's/[0-9][0-9]*:[0-9][0-9]/#/' -e 's/ *[0-9][0-9]* s  / # s  /' -e 's/[ ]*$//'
}
# Until a window shows a pattern.
see() {
    for _ in $(seq 400); do
        screen "$1" | grep -q -- "$2" && return 0
        sleep 0.02
    done
    screen "$1"
    fail "$1 never showed: $2"
}
ready() { sleep 0.4; } # longer than a pair is guarded
keys() { t send-keys -t "$1" "$2"; }
bad=0
looks() {
    screen "$1" | plain >"$dir/seen"
    if [ "${GOLDEN:-}" = new ]; then
        cp "$dir/seen" "$golden/$2.txt"
    elif ! diff "$golden/$2.txt" "$dir/seen" >"$dir/diff"; then
        echo "FAILED: $2 looks otherwise (< golden, > now):"
        cat "$dir/diff"
        bad=1
    fi
}
# press KEY PATTERN: in both windows, then until both show it
press() {
    keys small "$1"
    keys large "$1"
    see small "$2"
    see large "$2"
}
look() {
    looks small "80x24-$1"
    looks large "160x50-$1"
}

for w in small large; do
    mkdir "$dir/$w"
    "$scene" "$dir/$w" 3 300 || fail "the scene"
done
t new-session -d -s small -x 80 -y 24 "exec '$RLHF' label --project '$dir/small' --as ada"
t new-session -d -s large -x 160 -y 50 "exec '$RLHF' label --project '$dir/large' --as ada"
see small Welcome && see large Welcome
look welcome
press x 'Right before helpful'
look guidelines
press x '1 A much'
look pair
ready
press n 'Enter keeps it'
t send-keys -t small -l 'B: 抹茶?'
t send-keys -t large -l 'B: 抹茶?'
see small 'B: 抹茶?' && see large 'B: 抹茶?'
look note
press Enter 'goes with your choice'
press s 'Skip: why?'
look menu
press Escape 'nothing is decided'
press z 'alone; Tab'
look zoom
press z 'much'
ready
press 2 'saved #1'
see small 'same prompt as before' && see large 'same prompt as before'
look second
ready
press h 'newest first'
look history
press Escape '1 A much'
press '?' 'take the last one back'
look help
# A reviewer, where people differ.
anew
for w in small large; do
    mkdir "$dir/$w-review"
    "$scene" "$dir/$w-review" 3 300 && "$scene" "$dir/$w-review" disputed || fail "the scene"
    "$RLHF" annotators add cy --project "$dir/$w-review" >/dev/null 2>&1 || fail "a reviewer"
done
t new-session -d -s small -x 80 -y 24 "exec '$RLHF' label --review disagree --project '$dir/small-review' --as cy"
t new-session -d -s large -x 160 -y 50 "exec '$RLHF' label --review disagree --project '$dir/large-review' --as cy"
see small 'Choose first' && see large 'Choose first'
look review
ready
press 2 'What the people said'
look votes
press Enter 'I am not sure'
ready
press s 'for another time'
ready
press 4 'What the people said'
press Enter 'left for another time'
look settled
# Somebody who writes: both texts, then answers to prompts that are there.
anew
for w in small large; do "$RLHF" init "$dir/$w-write" >/dev/null 2>&1 || fail "a project"; done
t new-session -d -s small -x 80 -y 24 "exec '$RLHF' write --project '$dir/small-write' --as ada"
t new-session -d -s large -x 160 -y 50 "exec '$RLHF' write --project '$dir/large-write' --as ada"
see small 'Write a prompt' && see large 'Write a prompt'
for w in small large; do
    t send-keys -t $w -l 'How hot should the water for 抹茶 (matcha) be?'
    t send-keys -t $w Tab
    t send-keys -t $w -l 'About 75 to 80 C: boiling water makes it bitter. Without a thermometer, let it stand for five minutes after it has boiled.'
    t send-keys -t $w Enter Enter
    t send-keys -t $w -l 'Then whisk it.'
done
see small 'whisk it' && see large 'whisk it'
look write
press C-x 'not saved yet'
look write-leave
ready
press Escape 'nothing is saved or lost'
press F1 'cut the word'
look write-help
press x 'Ctrl-X leave'
anew
t new-session -d -s small -x 80 -y 24 "exec '$RLHF' write --answers --project '$dir/small-review' --as ada"
t new-session -d -s large -x 160 -y 50 "exec '$RLHF' write --answers --project '$dir/large-review' --as ada"
see small 'Write an answer' && see large 'Write an answer'
press W 'Answer 1 word'
look write-answer
# Two models' answers, looked through.
anew
t new-session -d -s small -x 80 -y 24 "exec '$scene' pages RULE"
t new-session -d -s large -x 160 -y 50 "exec '$scene' pages REWARD"
see small 'worst first' && see large 'worst first'
press f 'Prompt 11'
look pages
# The guide shows what the program shows.
one_line() { tr '\n' '\1' <"$1"; }
for shown in pair votes write pages; do
    one_line "$SOURCE_DIR/docs/guide.md" | grep -qF "$(one_line "$golden/80x24-$shown.txt")" ||
        fail "docs/guide.md shows another screen than 80x24-$shown.txt"
done
[ "$bad" = 0 ] || exit 1
echo "looks: as in $golden"

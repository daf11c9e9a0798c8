#!/bin/sh
# The labeling screen in a real terminal (tmux): what is shown, what a key saves, what it must not save.
set -u
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
command -v tmux >/dev/null || { echo "skipped: no tmux"; exit 77; }
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
dir=$(mktemp -d) || exit 1
TMUX_TMPDIR=$dir
export TMUX_TMPDIR
unset RLHF_PROJECT RLHF_ANNOTATOR TMUX NO_COLOR
server=0 # a new one for each start: an old one takes its time to go
t() { tmux -L "labeling-$server" -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null; rm -rf "$dir"' EXIT
screen() { t capture-pane -p -t w; }
fail() { echo "FAILED: $1"; screen; exit 1; }
labels() { "$fixture" labels "$1"; }
count() { labels "$1" | wc -l | tr -d ' '; }
keys() { t send-keys -t w "$@"; }
# Until the screen shows a pattern.
glance() {
    for _ in $(seq 200); do
        screen | grep -q -- "$1" && return 0
        sleep 0.05
    done
    fail "the screen never showed: $1"
}
# And then long enough for keys to count.
see() {
    glance "$1"
    sleep 0.45
}
# start COLS ROWS DIR [ENV...]; its process id and, at its end, its exit status go into files.
start() {
    cols=$1 rows=$2 project=$3
    shift 3
    t kill-server 2>/dev/null
    server=$((server + 1))
    rm -f "$dir/status"
    cat >"$dir/run" <<EOF
sh -c 'echo \$\$ >"$dir/pid"; exec env $* "$RLHF" label --project "$project" --as ada'
echo \$? >"$dir/ended" && mv "$dir/ended" "$dir/status"
sleep 600
EOF
    t new-session -d -s w -x "$cols" -y "$rows" "sh '$dir/run'" || fail "tmux"
}
status() {
    for _ in $(seq 200); do
        [ -f "$dir/status" ] && break
        sleep 0.05
    done
    cat "$dir/status"
}

for size in "80 24" "160 50"; do
    p="$dir/p-${size%% *}"
    mkdir "$p" && "$fixture" make "$p" 30 || exit 1
    # shellcheck disable=SC2086
    start $size "$p"
    glance 'say which answer is better'
    keys x
    see 'press the key of the better one'
    screen | grep -q 'A 4 words.*B 7 words\|A 7 words.*B 4 words' || fail "answers side by side"
    screen | grep -q '0 of 30' || fail "progress"
    left=$(screen | grep '│ answer' | sed 's/^ *\([^│]*[^ │]\) *│.*/\1/')

    keys a
    see 'saved #1: A is better'
    t capture-pane -p -e -t w | grep 'saved #1' | grep -q '\[32m' || fail "saved is said in green"
    [ "$(labels "$p")" = "1 human ada $left" ] || fail "a saves the answer that stands left"
    screen | grep -q '1 of 30' || fail "progress counts it"

    keys u
    see 'taken back'
    [ "$(count "$p")" = 0 ] || fail "u takes it back"
    screen | grep -q 'prompt 1$' || fail "the undone pair is shown again"
    keys t
    see 'saved #1: tie'
    keys Right
    see 'saved #2: B is better'
    keys s
    see 'I do not know the subject'
    keys Enter
    see 'saved: skipped'
    screen | grep -q '2 of 29' || fail "a skipped pair is neither labeled nor to do"
    [ "$(count "$p")" = 2 ] || fail "a tie, a choice and a skip"

    # Bursts: the first key is about the pair on the screen, the others are about pairs nobody has read.
    for n in 3 4 5 6 7; do
        t send-keys -t w -l 'abtsabtuabtabtbbaa'
        sleep 0.7
        [ "$(count "$p")" = "$n" ] || fail "a burst of keys saves one label, not $(count "$p") - $n + 1"
    done

    keys '?'
    glance 'take the last one back'
    keys a
    see 'A is better   b B is better'
    [ "$(count "$p")" = 7 ] || fail "the key that closes help labels nothing"

    # The answer in view changes shape with the terminal; too small is said, and then labels nothing.
    t resize-window -t w -x 60 -y 20
    glance 'a A is better *b B is better *t tie'
    t resize-window -t w -x 30 -y 10
    glance 'enlarge to 40x12'
    keys a
    sleep 0.5
    [ "$(count "$p")" = 7 ] || fail "what is too small to read is not labeled"
    t resize-window -t w -x 80 -y 24
    see 'A is better   b B is better'
    keys q
    ended=$(status)
    [ "$ended" = 0 ] || fail "q ends with status 0, not '$ended'"
    glance 'Undo the last'
done

# Taken up where it was left; signals end it with everything saved and the terminal as it was.  The pair is
# kept for whoever comes back, as it was: with its note.
p="$dir/p-80"
in_hand() { screen | sed -n 's/.*\(prompt [0-9]*\) *$/\1/p'; }
bobs_pair() { "$RLHF" label --line --as bob --project "$p" </dev/null | grep '^prompt '; }
for signal in INT:130 TERM:143 KILL:137 HUP:129; do
    start 80 24 "$p"
    see 'welcome back'
    before=$(count "$p")
    keys b
    see 'saved #'
    pair=$(in_hand)
    keys n
    glance 'Enter keeps it'
    t send-keys -t w -l "by ${signal%%:*}"
    glance "by ${signal%%:*}"
    if [ "$signal" = KILL:137 ]; then # nothing can be kept any more: what has been is there
        keys Enter
        glance 'goes with your choice'
    fi
    kill -"${signal%%:*}" "$(cat "$dir/pid")"
    [ "$(status)" = "${signal##*:}" ] || fail "$signal: exit status $(status)"
    [ "$(count "$p")" = $((before + 1)) ] || fail "$signal: what was saved is there"
    [ "$(bobs_pair)" != "$pair" ] || fail "$signal: $pair is kept for ada"
    start 80 24 "$p"
    glance "note: by ${signal%%:*}"
    [ "$(in_hand)" = "$pair" ] || fail "$signal: $pair is there again, not $(in_hand)"
    [ "$signal" != HUP:129 ] || break
    keys q
    [ "$(status)" = 0 ] || fail "q after $signal"
done
keys q
[ "$(status)" = 0 ] || fail "q"
[ "$(bobs_pair)" = "$pair" ] || fail "q gives $pair back"

# The terminal itself goes away, as with a lost connection.
for mode in "" --line; do
    t kill-server 2>/dev/null
    server=$((server + 1))
    t new-session -d -s w -x 80 -y 24 "exec '$RLHF' label $mode --project '$p' --as ada" || fail "tmux"
    see 'skip'
    pair=$(screen | sed -n 's/.*\(prompt [0-9][0-9]*\) *$/\1/p')
    pid=$(t display-message -p -t w '#{pane_pid}')
    t kill-server
    for _ in $(seq 200); do # as long as it lives, the pair is its own and no other process is given it
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    [ "$(bobs_pair)" != "$pair" ] || { echo "FAILED: a lost terminal ($mode) keeps $pair for ada"; exit 1; }
    "$RLHF" label --line --as ada --project "$p" </dev/null | grep -q "^$pair$" || { echo "FAILED: and ada is given it"; exit 1; }
done

# Long and hostile text: scrolled, spelled out, the end of the prompt in view.
p="$dir/text"
mkdir "$p" && "$fixture" text "$p"
start 80 24 "$p" NO_COLOR=1
glance 'say which answer is better'
keys x
glance 'p shows . lines above'
screen | grep -q "tomorrow's loaf?" || fail "the end of the prompt is what is answered"
screen | grep -q 'more lines' || fail "it says that there is more"
keys G
glance ' end '
screen | grep -q 'Last line of A' || fail "End shows the end"
screen | grep -q '<U+202E>turned round' || screen | grep -q 'turned' || fail "spelled out"
keys p
glance 'I bake twice a week'
keys x
see 'p shows . lines above'
keys a
see 'All pairs are labeled, 1 by you'
t capture-pane -p -e -t w | grep -q '\[3[1-7]m' && fail "NO_COLOR is respected"
keys u
see 'taken back'
[ "$(count "$p")" = 0 ] || fail "the last one can be undone from the last page"
keys q
[ "$(status)" = 0 ] || fail "q"
echo "screen: all as claimed"

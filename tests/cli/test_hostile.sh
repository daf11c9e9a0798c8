#!/usr/bin/env bash
# Every hostile file of tests/hostile/make.pl ends in one line that names it and the reason, in bounded time and
# memory, and leaves nothing behind.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
command -v perl >/dev/null || { echo "no perl here" && exit 77; }
export LC_ALL=C

mkdir cases
perl "$SOURCE_DIR/tests/hostile/make.pl" cases >list || { echo "FAILED: make.pl" && exit 1; }
[ "$(cut -f2 list | sort -u | wc -l)" -eq "$(wc -l <list)" ] || fail "every case has its own path"
[ "$(wc -l <list)" -ge 300 ] || fail "there are hundreds of cases, not $(wc -l <list)"
cd cases || exit 1

# Memory is bounded by the system; under sanitizers, which map terabytes, by themselves.
if grep -q __asan_init "$RLHF"; then
    bounded() { ASAN_OPTIONS="${ASAN_OPTIONS:-}:hard_rss_limit_mb=2500" timeout -k 5 300 "$RLHF" --threads 1 "$@"; }
else
    bounded() { (ulimit -c 0 -v 1500000 && exec timeout -k 5 60 "$RLHF" --threads 1 "$@"); }
fi
try() { # ARGUMENTS..., with $input as its standard input
    bounded "$@" >../out 2>../err <"$input"
    status=$?
}

# The error is one line, the hint under it (two spaces) at most one, neither with a character that a terminal obeys; the log may stand
# before it.  Read by the shell itself: four hundred cases of a few processes each take a while.
says_what_is_wrong() { # NAME FILE REASON
    local line said="" errors=0 hints=0 plain=1
    while IFS= read -r line; do
        case $line in
        "rlhf:"* | "rlhf "*) errors=$((errors + 1)) said=$line ;;
        "  "*) hints=$((hints + 1)) ;;
        esac
        case $line in *[[:cntrl:]]* | *$'\xc2'[$'\x80'-$'\x9f']*) plain=0 ;; esac
    done <../err
    if [ $status -ge 1 ] && [ $status -le 2 ] && [ $errors -eq 1 ] && [ $hints -le 1 ] && [ $plain -eq 1 ] &&
        [[ $said == *"$2"* && $said == *"$3"* ]]; then
        return
    fi
    echo "FAILED: $1 says $2 and $3 in one line"
    echo "  exit $status, stdout: $(head -c 300 ../out), stderr: $(head -c 600 ../err | cat -v)"
    failed=1
}

# ---- what reads them ----

must_here() { # ARGUMENTS...
    try "$@"
    [ $status -eq 0 ] || { echo "FAILED: rlhf $*: $(cat ../err)" && exit 1; }
}
must_here logprobs --model sound --ids 1,2,3
! grep -q "left out" ../err || fail "nothing of a sound model is left out"
must_here logprobs --model more --ids 1,2,3
[ "$(grep -c 'more: 1 tensor of the file that config.json does not speak of is left out: vision.?]0;x?$' ../err)" = 1 ] ||
    fail "a tensor that is left out is told once, and obeyed by no terminal: $(cat -v ../err)"
must_here init whole
checkpoint=whole/runs/sft-1/checkpoints/step-000002
mkdir -p $checkpoint
cp sound/* $checkpoint
echo '{"seed": 1, "settings": {"ppo": {}}, "inputs": {}}' >whole/runs/sft-1/settings.json
must_here status --project whole --json
cp ../out ../before

read_model() { try logprobs --ids 1,2,3 --model "$1"; }
read_adapter() { read_model "$1"; }
read_folder() { read_model "$1"; }
read_tokenizer() { try tokenize --model "$1"; }
read_data() { try import --project whole --strict "$1"; }
read_corpus() { try pretrain --project whole "$1"; }
read_settings() { try config ppo --config "$1"; }
read_project() {
    cp "$1" whole/project.json
    try logprobs --project whole --model base --ids 1
    rm whole/project.json
}
read_manifest() {
    cp "$1" $checkpoint/manifest.json
    try logprobs --project whole --model sft-1 --ids 1
}

# A project with a run of each kind; PPO's goes on from its first checkpoint, which each case changes.
ppo=(ppo --project trained --config "$tiny" --set ppo.iterations=2 --set ppo.batch_size=4 --set ppo.minibatch_size=4)
(
    cd ..
    sentences
    must init cases/trained
    cd cases || exit 1
    must import --project trained ../demonstrations.jsonl
    must pretrain --project trained --config "$tiny" ../corpus.jsonl --set pretrain.steps=2
    must sample --project trained --max-new-tokens 8
    must judge --project trained --rule longer
    must reward --project trained --config "$tiny" --no-eval --set reward.epochs=1
    must "${ppo[@]}" --stop-after 1
) >../setup || { cat ../setup && exit 1; }
begun=trained/runs/ppo-1/checkpoints/step-000001
sed -i '/"ppo.json"/d' $begun/manifest.json
cp trained/runs/ppo-1/settings.json ../settings.json

read_ppo() {
    cp "$1" $begun/ppo.json
    try "${ppo[@]}" --resume
}
read_resumed() {
    cp "$1" trained/runs/ppo-1/settings.json
    try ppo --project trained --resume
    cp ../settings.json trained/runs/ppo-1/settings.json
}
read_metrics() {
    cp "$1" trained/runs/reward-1/metrics.jsonl
    try compare base ppo-1 --project trained --best-of 0 --n 2 --max-new-tokens 4 --report ../page.html
}
read_pairs() { try reward eval --project trained --data "$1"; }
read_rows() {
    case $1 in
    *.gz)
        mkfifo ../pipe
        gzip -dc "$1" >../pipe 2>../ignored &
        input=../pipe try reward score --project trained
        wait $!
        rm ../pipe
        ;;
    *) input=$1 try reward score --project trained ;;
    esac
}

while IFS=$'\t' read -r kind path file reason; do
    "read_$kind" "$path"
    says_what_is_wrong "$path" "$file" "$reason"
done <../list

# ---- nothing was stored, nothing is left behind ----
must_here status --project whole --json
cmp -s ../before ../out || fail "no row of a refused file was stored: $(diff ../before ../out)"
[ ! -e ../page.html ] || fail "no page of a record that cannot be read"
[ -z "$(find . -name '*.tmp-*')" ] || fail "no half-written file is left: $(find . -name '*.tmp-*')"
[ "$(ls whole/runs)" = sft-1 ] || fail "no run was begun: $(ls whole/runs)"
[ -e $begun/model.safetensors ] || fail "the checkpoint that was to be resumed is still there"
[ $failed -eq 0 ]

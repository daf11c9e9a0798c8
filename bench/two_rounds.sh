#!/usr/bin/env bash
# Two rounds of `rlhf loop` against one with the same number of labels, at the demo's repair counter.
#
#     bench/two_rounds.sh build/release/rlhf SEED [LABELS [ITERATIONS]]     (2500 labels, 36 iterations)
#
# One base for all arms; the rule `kind` labels, 5% of its decisions turned round on purpose:
#
#     one         a round of LABELS, PPO of ITERATIONS
#     two         two rounds of LABELS / 2, PPO of ITERATIONS / 2 in each
#     one-long    as `one` up to its reward model, PPO of twice the ITERATIONS
#     two-long    as `two` up to its first reward model, PPO of ITERATIONS in each
#
# ARMS="one two" makes these alone; PRETRAIN and LOOP hold more options of these commands.  All of it is kept in
# two-rounds/seed-SEED, and what was stopped goes on when the command is given again.
set -Eeu
rlhf=$(realpath "${1:?names the program}") seed=${2:?names the seed} labels=${3:-2500} iterations=${4:-36}
configs=$(realpath "$(dirname "$0")/../configs")
read -ra arms <<<"${ARMS:-one two one-long two-long}"
read -ra of_pretrain <<<"${PRETRAIN:-}"
read -ra of_loop <<<"${LOOP:-}"
mkdir -p "two-rounds/seed-$seed"
cd "two-rounds/seed-$seed"
trap 'tail -n 3 log >&2' ERR

# timed FILE COMMAND...: the program, with its wall-clock and processor seconds added to FILE.
timed() {
    local file=$1 TIMEFORMAT='%R %U'
    shift
    { time "$rlhf" --seed "$seed" "$@" >>log 2>&4; } 4>>log 2>>"$file"
}

# ---- the world and the base ----
# The demo's corpus and prompts of that seed; what comes of the rest of a demo so small does not matter.
if [ ! -d world ]; then
    rm -rf making
    "$rlhf" demo --seed "$seed" --dir making --quiet --pairs 60 --n 320 --set model.layers=1 --set model.width=8 \
        --set model.heads=1 --set model.mlp=8 --set pretrain.epochs=0.01 --set ppo.iterations=1 --set ppo.critic_warmup=0 \
        --set ppo.batch_size=8 --set ppo.minibatch_size=8 >log 2>&1 </dev/null || [ -s making/unseen.jsonl ]
    mv making world
fi
if [ ! -d base ]; then
    resume=(--resume)
    if [ ! -e making/runs/pretrain-1/settings.json ]; then
        resume=()
        rm -rf making
        {
            "$rlhf" init making
            "$rlhf" --project making import world/prompts.jsonl --source requests
            "$rlhf" --project making import world/unseen.jsonl --source unseen --split test
        } >log 2>&1
    fi
    timed making/seconds pretrain world/corpus.jsonl --project making --config "$configs/demo.json" \
        "${of_pretrain[@]}" "${resume[@]}"
    mv making base
    mv base/seconds seconds
fi

# ---- the arms ----
# copy FROM TO: a project as it is, there whole or not at all.
copy() {
    [ ! -d "$2" ] || return 0
    rm -rf copying
    cp -r "$1" copying
    mv copying "$2"
}
# loop ARM ROUNDS LABELS ITERATIONS [OPTION...]: the loop in the folder ARM.
loop() {
    local arm=$1 rounds=$2 pairs=$3 ppo=$4
    shift 4
    timed "$arm/seconds" --project "$arm" loop --config "$configs/loop.json" --judge kind --errors 0.05 \
        --source requests --rounds "$rounds" --pairs "$pairs" --ppo.iterations "$ppo" "${of_loop[@]}" "$@"
}
# Up to the first reward model, which two arms have in common.
to_reward() { # FOLDER ROUNDS LABELS
    [ ! -d "$1" ] || return 0
    copy base "$1-making"
    until grep -qs '"step": "ppo"' "$1-making/loop/state.json"; do
        loop "$1-making" "$2" "$3" "$iterations" --steps 1
    done
    mv "$1-making" "$1"
}
make_arm() { # ARM FOLDER ROUNDS LABELS ITERATIONS
    to_reward "$2" "$3" "$4"
    copy "$2" "$1"
    loop "$1" "$3" "$4" "$5"
}
half=$((labels / 2))
for arm in "${arms[@]}"; do
    case $arm in
    one) make_arm one labels-all 1 "$labels" "$iterations" ;;
    two) make_arm two labels-half 2 $half $((iterations / 2)) ;;
    one-long) make_arm one-long labels-all 1 "$labels" $((2 * iterations)) ;;
    two-long) make_arm two-long labels-half 2 $half "$iterations" ;;
    *) echo "no arm $arm" >&2 && exit 2 ;;
    esac
done

# ---- what came of them ----
# On test prompts, which no training saw, by the rule; the same prompts and random numbers for all.
compare() { # TO ARGUMENTS...
    local to=$1
    shift
    [ -s "$to" ] || "$rlhf" --seed "$seed" compare "$@" --rule kind --best-of 0 --max-new-tokens 96 --json >"$to.new" 2>>log
    [ -s "$to" ] || mv "$to.new" "$to"
}
aligned() { sed -n 's/.*"aligned":[[:space:]]*"\(.*\)".*/'"$1"'\/\1/p' "$1/project.json"; }
# What stands in a comparison before its models and answers.
member() { sed -n 's/.*"'"$2"'":\(\[[^]]*\]\|[^,}]*\).*/\1/p' <(sed 's/"base":.*//' "$1"); }
rate() { echo "$(member "$1" win_rate) $(member "$1" ci)" | tr -d '[]' | awk -F'[ ,]' '{ printf "%.3f [%.2f, %.2f]", $1, $2, $3 }'; }
row() { # NAME FILE
    printf '| %s | %s | %s | %.1f | %.3f | %.3f |' "$seed" "$1" "$(rate "$2")" "$(member "$2" kl)" "$(member "$2" finished)" "$(member "$2" distinct)"
}
echo '| seed | arm | win rate | KL, nats | finished | distinct | unseen pairs | seconds, of a processor |'
for arm in "${arms[@]}"; do
    [ -n "$(aligned "$arm")" ] || { echo "| $seed | $arm | no round beat the base |" && continue; }
    compare "$arm.requests" --project "$arm" --source requests --n 600
    compare "$arm.unseen" --project "$arm" --source unseen --n 320
    row "$arm" "$arm.requests"
    awk -v rate="$(rate "$arm.unseen")" '{ wall += $1; cpu += $2 } END { printf " %s | %.0f, %.0f |\n", rate, wall, cpu }' "$arm/seconds"
done
for pair in "one two" "one-long two" "one-long two-long" "one one-long"; do
    read -r a b <<<"$pair"
    [ -d "$a" ] && [ -d "$b" ] && [ -n "$(aligned "$a")" ] && [ -n "$(aligned "$b")" ] || continue
    compare "$b-over-$a" "$(aligned "$a")" "$(aligned "$b")" --project base --source requests --n 600
    row "$b over $a" "$b-over-$a"
    echo
done

#!/usr/bin/env bash
# What docs/results.md promises of rlhf demo at full size: five seeds of one customer, the other customers,
# and labels by coin toss.  Two demos at a time, on one thread each: some 20 minutes on two cores, so only
# ./check --long runs it.
set -u
[ -x "${RLHF:-}" ] || { echo "RLHF must name the program" && exit 1; }
unset RLHF_PROJECT RLHF_ANNOTATOR
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

demo() { # NAME ARGUMENTS...
    local name=$1
    shift
    COLUMNS=300 "$RLHF" demo --dir "$name" --threads 1 "$@" >"$name.out" 2>"$name.err" </dev/null ||
        { echo "FAILED: rlhf demo $*" && cat "$name.err"; }
}
in_turn() { # "NAME ARGUMENTS..." ...
    local one
    for one in "$@"; do
        # shellcheck disable=SC2086
        demo $one
    done
}
in_turn "kind-1 --seed 1" "kind-3 --seed 3" "kind-5 --seed 5" "salesman --taste salesman" &
in_turn "kind-2 --seed 2" "kind-4 --seed 4" "coin --placebo" "brief --taste brief"
wait

# number NAME SECTION KEY: of summary.json
number() {
    tr -d '\n' <"$1/summary.json" | sed -E "s/.*\"$2\":\{//; s/\"traits\":\{.*//" |
        grep -oE "\"$3\":-?[0-9.e+-]+" | head -n 1 | cut -d: -f2
}
# holds CLAIM EXPRESSION: of numbers
holds() {
    awk "BEGIN { exit !($2) }" && return
    echo "FAILED: $1: $2"
    failed=1
}
# mean SECTION KEY: over the seeds
mean() {
    local seed
    for seed in 1 2 3 4 5; do number "kind-$seed" "$1" "$2"; done | awk '{ sum += $1 } END { print sum / NR }'
}

for seed in 1 2 3 4 5; do
    d=kind-$seed
    [ -s "$d/summary.json" ] || { echo "FAILED: $d has no summary" && exit 1; }
    holds "$d beats the base" "$(number $d compare win_rate) >= 0.80"
    holds "$d beats the base on unseen pairs" "$(number $d unseen win_rate) >= 0.75"
    holds "$d is not beaten by best of 16" "$(number $d best_of_16 win_rate) >= 0.48"
    holds "$d stays near the base" "$(number $d compare kl) <= 12"
    holds "$d finishes" "$(number $d compare finished) >= 0.98"
    holds "$d says different things" "$(number $d compare distinct) >= 0.95"
    holds "$d repeats no corpus" "$(number $d compare verbatim) <= 0.02"
    holds "$d is neither short nor long" "$(number $d compare length_ratio) >= 0.6 && $(number $d compare length_ratio) <= 1.5"
    # the first table and the first log-probabilities are those of the main test prompts
    worse=$(grep -aE '^  [+-] .* worse$' "$d.out")
    [ -z "$worse" ] || { echo "FAILED: $d has worse traits: $worse" && failed=1; }
    line=$(grep -a -m 1 'log-probability per token' "$d.out")
    holds "$d is fluent to the base" "$(sed -E 's/.*answers (-?[0-9.]+), of its own (-?[0-9.]+).*/\1 >= \2 - 0.3/' <<<"$line")"
done
holds "PPO beats best of 16 on the average" "$(mean best_of_16 win_rate) >= 0.55"
holds "the reward model has learned" "$(mean reward accuracy) >= 0.77"
holds "the reward model knows more than length" "$(mean reward accuracy) >= $(mean reward longer_wins) + 0.12"

selling=$(tr -d '\n' <salesman/summary.json | grep -oE '"selling":\{[^}]*\}' | head -n 1 | grep -oE '"aligned":[0-9.e-]+' | cut -d: -f2)
holds "the salesman's policy sells" "$selling >= 0.8"
holds "brief beats the base" "$(number brief compare win_rate) >= 0.80"
holds "coin tosses lead nowhere" "$(number coin compare win_rate) >= 0.40 && $(number coin compare win_rate) <= 0.60"

for d in kind-1 kind-2 kind-3 kind-4 kind-5 salesman brief coin; do cat "$d/summary.json"; done
exit $failed

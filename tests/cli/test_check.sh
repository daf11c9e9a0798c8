#!/usr/bin/env bash
# A stage of ./check passes when ctest does, and not when ctest was ended half-way.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
eval "$(sed -n '/^tests() {/,/^}/p' "$SOURCE_DIR/check")"
claim() { [ "$1" = "$2" ] || { echo "FAILED: $3: $1, not $2" && wrong=1; }; } # GOT EXPECTED WHAT

# stage STATUS LINE...: what a ctest that prints these lines and ends so comes to.
ctest() { printf '%s\n' "${lines[@]}" && return $ctest_status; }
stage() {
    ctest_status=$1
    shift
    lines=("$@") passed=0 failed=0 skipped=0 failures=()
    tests unit none 1 >said
}
logs=. wrong=0
good=' 1/3 Test #1: base/file ...........   Passed    0.01 sec'
left=' 2/3 Test #2: base/rng ............***Skipped   0.01 sec'
bad=' 3/3 Test #3: base/run ............***Failed    0.01 sec'

stage 0 "$good" "$left"
claim "$passed $failed $skipped ${#failures[@]}" "1 0 1 0" "all that ran passed"
stage 143 "$good" "$left"
claim "$passed $failed $skipped" "1 1 1" "a ctest that was killed half-way fails"
claim "${failures[*]}" "unit: ctest ended with status 143 before all had run" "and that is told"
stage 8 "$good" "$bad"
claim "$passed $failed ${failures[*]}" "1 1 unit: base/run" "a test that failed is counted once"
stage 8
claim "$failed ${failures[*]}" "1 unit: no test ran" "without a test it fails"
[ $wrong -eq 0 ]

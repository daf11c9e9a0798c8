#!/usr/bin/env bash
# The command line of ./quickstart: what is wrong is told before anything is installed or built.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
quickstart() {
    "$SOURCE_DIR/quickstart" "$@" >out 2>err </dev/null
    status=$?
}
wrong() { # WORDS ARGUMENTS...
    local words=$1
    shift
    quickstart "$@"
    exits 2 "quickstart $*"
    says "quickstart: $words; what there is: ./quickstart --help"
    [ "$(wc -l <err)" -eq 1 ] || fail "quickstart $* says one line"
    prints_nothing "quickstart $*"
}

quickstart --help
exits 0 "--help"
prints "./quickstart --install [--dev] [--long] [--yes]"
grep -q 'set -u' out && fail "--help shows no code"

wrong "unknown option --tast" --tast kind
wrong "unknown option --instal" --seed 2 --yes --instal
wrong "unexpected 'kind'" kind
wrong "--seed needs a value" --yes --seed
wrong "--taste is for the demo, which --install does not run" --taste kind --install
wrong "--label is for the demo, which --install does not run" --install --label

# Whatever `rlhf help demo` offers is known here, and so is what comes after it.
must help demo
grep -oE '^  --[a-z-]+ ( *[A-Z][A-Z.=]*)?' out | grep -v -- --project >options
[ "$(wc -l <options)" -ge 16 ] || fail "the demo has options: $(cat options)"
while read -r option value; do
    # shellcheck disable=SC2086 # a switch has no value
    quickstart $option ${value:+1} --help
    exits 0 "quickstart $option ${value:+1} --help"
    [ -z "$value" ] || { quickstart "$option=1" --help && exits 0 "quickstart $option=1"; }
done <options
[ $failed -eq 0 ]

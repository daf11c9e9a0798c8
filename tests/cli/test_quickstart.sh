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

# ---- what to install, on a machine with nothing but a package manager ----
mkdir bare
for tool in dirname mktemp rm sed uname; do ln -s "$(command -v $tool)" bare/; done
fake() { printf '#!/bin/sh\n%s\n' "$2" >"bare/$1" && chmod +x "bare/$1"; } # NAME COMMAND
bare() {
    PATH=$PWD/bare CC='' "$SOURCE_DIR/quickstart" --install >out 2>err </dev/null
    status=$?
    exits 1 "quickstart on a bare machine"
}
fake id 'echo 1000'
fake apt-get 'exit 1'
bare
says_like '^  apt-get update && apt-get install -y --no-install-recommends build-essential ' "the lists come first"
grep -q sudo err && fail "no sudo where there is none"
says "run that line as root, then ./quickstart again"
fake sudo 'exit 1'
bare
says_like '^  sudo apt-get update && sudo apt-get install -y ' "sudo where it is there and needed"
grep -q 'as root' err && fail "a line with sudo needs no root"
rm bare/apt-get && fake brew 'exit 1'
bare
says_like '^  brew install ' "brew is run as oneself"
says "run that line, then ./quickstart again"
[ $failed -eq 0 ]

#!/usr/bin/env bash
# The man page and what shells complete: made from the tables, so that what help lists they know.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
PATH=$(dirname "$RLHF"):$PATH

# ---- the man page ----
must help --man
cp out rlhf.1
if command -v groff >/dev/null; then
    LC_ALL=C.UTF-8 groff -man -Kutf8 -Tutf8 -ww rlhf.1 >page 2>warnings && [ ! -s warnings ] || fail "groff warns of nothing: $(head -n 3 warnings)"
    sed -i 's/\x1b\[[0-9;]*m//g; s/.\x08//g' page
    grep -q -- '--guidelines' page && grep -q 'ppo.kl_coef' page || fail "the page has options and settings"
    # Signs that roff sets as typographers do would not survive being copied.
    ! grep -q '[‘’−]' page || fail "the page can be copied from: $(grep -m 1 '[‘’−]' page)"
fi
if command -v man >/dev/null; then
    LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 rlhf.1 2>&1 >/dev/null | grep . && fail "man warns of nothing"
fi
must help
for command in $(sed -n 's/^  \([a-z]\+\) .*/\1/p' out); do
    grep -q "^\.SS rlhf $command$" rlhf.1 || fail "the man page has $command"
done

# ---- bash ----
must help --completion bash
cp out completion.bash
# shellcheck disable=SC1091
. ./completion.bash
# completes WANTED WORDS...: what is offered for the last of the words is just that.
completes() {
    local wanted=$1
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _rlhf
    [ "${COMPREPLY[*]}" = "$wanted" ] || fail "$* completes to $wanted: ${COMPREPLY[*]}"
}
completes ppo rlhf pp
completes gguf rlhf export g
completes --worst rlhf reward eval --w
completes "--kl-coef --kl-clip" rlhf ppo --kl-c
completes "ppo.kl_coef= ppo.kl_clip=" rlhf ppo --set ppo.kl_c
completes "reward zero" rlhf ppo --set ppo.value_head = ""
completes reward rlhf ppo --value-head r
completes --no-normalize rlhf reward --no-n
completes "train test" rlhf sample --split t
completes "--line --limit --list" rlhf --project here label --li
completes "--line --limit --list" rlhf --project = here label --li
completes "redact reward report" rlhf help re
completes ./completion.bash rlhf import ./compl
completes ./completion.bash rlhf --config = ./compl
must init project
cd project || exit 1
completes aligned rlhf generate --model al
mkdir -p runs/mine runs/empty && printf '{"model_type":"gpt2"}' >runs/mine/config.json
completes "" rlhf generate --model emp
completes mine rlhf generate --model mi
cd "$folder" || exit 1

# ---- zsh and fish ----
refused 2 "'tcsh' is none of bash, zsh, fish" help --completion tcsh
must help --completion zsh
cp out completion.zsh
if command -v zsh >/dev/null; then
    zsh -f -c 'compdef() { :; }; compadd() { print -r -- "$@"; }; source ./completion.zsh
        words=(rlhf --project here ppo --value-head r) CURRENT=6; _rlhf
        words=(rlhf ex) CURRENT=2; _rlhf
        words=(rlhf reward eval --w) CURRENT=4; _rlhf' >out 2>err
    [ "$(sed -n 1p out)" = "-- reward zero" ] && sed -n 2p out | grep -q ' export ' && sed -n 3p out | grep -q ' --worst ' ||
        fail "zsh offers the same"
fi
must help --completion fish
cp out completion.fish
if command -v fish >/dev/null; then
    HOME=$folder fish --no-config -c 'source ./completion.fish
        complete -C "rlhf ppo --value-head r"; complete -C "rlhf export gg"; complete -C "rlhf reward eval --wor"' >out 2>err
    [ "$(cut -f 1 out | xargs)" = "reward gguf --worst" ] || fail "fish offers the same"
fi

# ---- where they are installed ----
build=$(dirname "$RLHF")
if [ -f "$build/CMakeCache.txt" ] && command -v cmake >/dev/null; then
    cmake --install "$build" --prefix "$folder/usr" >out 2>err || fail "it can be installed"
    [ -x usr/bin/rlhf ] && cmp -s usr/share/man/man1/rlhf.1 rlhf.1 || fail "program and man page are installed"
    cmp -s usr/share/bash-completion/completions/rlhf completion.bash || fail "the completion of bash is installed"
    cmp -s usr/share/zsh/site-functions/_rlhf completion.zsh || fail "that of zsh is installed"
    cmp -s usr/share/fish/vendor_completions.d/rlhf.fish completion.fish || fail "that of fish is installed"
fi
[ $failed -eq 0 ]

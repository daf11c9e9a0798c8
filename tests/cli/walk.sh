# To run the commands that a page prints as it prints them; sourced after lib.sh.
# shellcheck shell=bash
yes $'a\nb\nb' | head -n 600 >choices
printf 'the red lamp is broken .\n/compare\n/a\n/good\n' >talk
walked=''

# The commands of a page call this: the program, with answers where a person is asked, and less to do.  Its result
# goes to `out`, and on to whoever reads it: a pipe, or $(...).
rlhf() {
    local more=()
    case "${1:-} ${2:-}" in
    "label --list") ;;
    "label --batch") input=/dev/stdin ;;
    label*) input=$folder/choices more=(--line) ;;
    chat*) input=$folder/talk ;;
    pretrain*) [[ $* == *--config* ]] || more=(--config "$tiny" --set model.context=128 --set pretrain.steps=30) ;;
    sample*) more=(--max-new-tokens 16) ;;
    "reward score" | "classify predict") input=/dev/stdin ;;
    "reward " | "reward --set") more=(--config "$tiny") ;;
    "classify eval") ;;
    "bench train") more=(--layers 1 --width 16 --heads 2 --seconds 0.1) ;;
    classify*) more=(--config "$tiny") ;;
    "ppo --detach") more=("${small_ppo[@]}" --set ppo.iterations=100000) ;; # it runs until it is stopped
    "ppo --resume") more=(--stop-after 1) ;;
    ppo*) more=("${small_ppo[@]}") ;;
    "loop --config") more=(--steps 1 --set loop.pairs=16 --set loop.when=5 --set ppo.max_new_tokens=16) ;;
    compare*) more=(--max-new-tokens 16 --best-of 2) ;;
    watch*) more=(--once) ;;
    esac
    must "$@" "${more[@]}"
    input=/dev/null
    walked="$walked ${1:-}"
    [ "$BASH_SUBSHELL" -eq 0 ] && [ "${2:-}" != --list ] || cat out
}
small_ppo=(--set ppo.iterations=3 --set ppo.batch_size=16 --set ppo.minibatch_size=16 --set ppo.max_new_tokens=16)

# What tests of the program share; sourced by tests/cli/test_*.sh, which then stand in an empty folder that goes
# away with them.  RLHF names the program, SOURCE_DIR the sources.  Ends of a test: [ $failed -eq 0 ]
# shellcheck shell=bash
set -u
[ -x "${RLHF:-}" ] || { echo "RLHF must name the program" && exit 1; }
[ -n "${SOURCE_DIR:-}" ] || { echo "SOURCE_DIR must name the folder of the sources" && exit 1; }
unset RLHF_PROJECT RLHF_ANNOTATOR COLUMNS
# Threads that wait for each other spin; where other tests want the cores too, that takes thirty times as long.
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-1000}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0 status=0 input=/dev/null

# run ARGUMENTS...: the program on $input, with its output in `out`, its errors in `err`, its exit status in
# $status.  Then claims about them:
run() {
    "$RLHF" "$@" >out 2>err <"$input"
    status=$?
}
fail() { # CLAIM
    echo "FAILED: $1"
    echo "  exit $status, stdout: $(head -c 600 out 2>/dev/null)"
    echo "  stderr: $(head -c 600 err 2>/dev/null)"
    failed=1
}
exits() { [ "$status" -eq "$1" ] || fail "$2 exits $1"; }              # STATUS WHAT
says() { grep -qF -- "$1" err || fail "stderr says: $1"; }             # WORDS
prints() { grep -qF -- "$1" out || fail "stdout says: $1"; }           # WORDS
says_like() { grep -qE -- "$1" err || fail "$2: no match for $1"; }    # PATTERN CLAIM
prints_like() { grep -qE -- "$1" out || fail "$2: no match for $1"; }  # PATTERN CLAIM
says_nothing() { [ ! -s err ] || fail "$1 says nothing on stderr"; }   # WHAT
prints_nothing() { [ ! -s out ] || fail "$1 prints nothing on stdout"; } # WHAT

# must ARGUMENTS...: a run that has to succeed, or nothing after it can be tested.
must() {
    run "$@"
    [ "$status" -eq 0 ] && return
    fail "rlhf $*"
    exit 1
}
# refused STATUS WORDS ARGUMENTS...: a run that ends so, says so and prints nothing.
refused() {
    local expected=$1 words=$2
    shift 2
    run "$@"
    exits "$expected" "rlhf $*"
    grep -qF -- "$words" err || fail "rlhf $* says: $words"
    prints_nothing "rlhf $*"
}

# Rows of prompts that are not of one family, number FIRST to LAST of 64.
prompts() { # FIRST LAST
    awk -v from="$1" -v to="$2" 'BEGIN { split("lamp clock radio chair table kettle bicycle camera", thing, " ")
        split("red green blue white black pink gold", colour, " ")
        for (i = from; i <= to; i++) printf "{\"prompt\":\"the %s %s is broken .\\nA:\"}\n",
            colour[int(i / 8) + 1], thing[i % 8 + 1] }'
}

# Forty sentences about things, as documents, prompts and demonstrations; MARK stands around each thing.
sentences() { # [MARK]
    awk -v mark="${1:-}" 'BEGIN {
        split("lamp clock radio chair table kettle bicycle camera", thing, " ")
        split("red green blue white black", colour, " ")
        for (i = 0; i < 40; i++) {
            q = "the " colour[int(i / 8) + 1] " " mark thing[i % 8 + 1] mark " is broken .\\nA:"
            a = i % 3 ? " please bring it here ." : " we look at the " thing[i % 8 + 1] " ."
            printf "{\"text\":\"%s%s\"}\n", q, a > "corpus.jsonl"
            printf "{\"prompt\":\"%s\"}\n", q > "prompts.jsonl"
            printf "{\"prompt\":\"%s\",\"completion\":\"%s\"}\n", q, a > "demonstrations.jsonl"
        }
    }'
}

# A project over those sentences, with a base of configs/tiny.json that pretrain ARGUMENTS... made; stands in it.
tiny=$SOURCE_DIR/configs/tiny.json
tiny_project() {
    sentences
    must init project
    cd project || exit 1
    must import ../demonstrations.jsonl
    must pretrain ../corpus.jsonl --config "$tiny" "$@"
}

# chatml FOLDER: a model whose last two tokens, which two merges made, become <|im_start|> and <|im_end|>.
chatml() {
    local last
    last=$(($(grep -c '^ *\[' "$1/tokenizer.json") + 256)) # after <|endoftext|> and the bytes
    awk -v last="$last" '
        /"special": true}$/ { print $0 ","
            for (i = 0; i < 2; i++) printf "    {\"id\": %d, \"content\": \"%s\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true}%s\n",
                last - 1 + i, i ? "<|im_end|>" : "<|im_start|>", i ? "" : ","
            next }
        $NF == last - 1 "," { print "      \"<|im_start|>\": " last - 1 ","; next }
        $NF == last { print "      \"<|im_end|>\": " last; next }
        /^ *\[/ { if (n++ >= 1 && n <= last - 258) print held ","; if (n <= last - 258) held = $0; sub(/,$/, "", held); next }
        n && !done { print held; done = 1 }
        { print }' "$1/tokenizer.json" >tokenizer.new && mv tokenizer.new "$1/tokenizer.json"
}
# The chat template ChatML, as it is published.
chatml_jinja() {
    cat <<'END'
{% for message in messages %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}
END
}

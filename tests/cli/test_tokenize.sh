#!/usr/bin/env bash
# rlhf tokenize prints what Hugging Face's engine prints for the same file (vectors_hf.json there).
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
model=$SOURCE_DIR/tests/golden/tokenizers/shake-gpt2

check() { # CLAIM EXPECTED ACTUAL
    [ "$2" = "$3" ] || fail "$1: expected $2, got $3"
}
tokenize() { "$RLHF" tokenize --model "$model" "$@"; }

check "special tokens are parsed when asked for" \
    '{"ids":[64,1023,65],"tokens":["a","<|endoftext|>","b"]}' \
    "$(printf 'a<|endoftext|>b' | tokenize --json --special)"
check "special tokens are text otherwise" \
    'no' "$(printf '<|endoftext|>' | tokenize --json | grep -q 1023 && echo yes || echo no)"
check "an empty text has no tokens" '{"ids":[],"tokens":[]}' "$(tokenize --json < /dev/null)"
check "a line per token" '64 a
220 Ġ' "$(printf 'a ' | tokenize)"
check "a view shows where tokens part, and counts" 'ab|⏎|
c|
3 tokens, 4 bytes: 1.33 bytes a token' "$(printf 'ab\nc' | tokenize --view)"
# Llama 2's first token is a sign for a space that stands for nothing; the character has three byte tokens.
check "a view shows a character with the last of its bytes" '|a|||漢|⏎|
b|' \
    "$(printf 'a漢\nb' | "$RLHF" tokenize --model "$SOURCE_DIR/tests/golden/tokenizers/llama-2" --view | sed '$d')"
check "a view of nothing" '0 tokens, 0 bytes' "$(tokenize --view </dev/null)"
check "ids come back as text" '{"text":"a<|endoftext|>b"}' "$(echo '[64, 1023,65]' | tokenize --decode --json)"
check "text survives the round trip" 'Gruß, Welt! 🙂  x' \
    "$(printf 'Gruß, Welt! 🙂  x' | tokenize | cut -d' ' -f1 | tokenize --decode)"
check "half a character becomes U+FFFD" '{"text":"�"}' "$(echo 172 | tokenize --decode --json)"

# Another kind: nothing is put in front but for --prompt, and then once.
llama=$SOURCE_DIR/tests/golden/tokenizers/llama-2
as_prompt() { "$RLHF" tokenize --model "$llama" --prompt --special | cut -d' ' -f1 | tr '\n' ' '; }
check "a text by itself" "$(printf 'the' | "$RLHF" tokenize --model "$llama" | cut -d' ' -f1 | sed 's/^/1 /' | tr '\n' ' ')" \
    "$(printf 'the' | as_prompt)"
check "one beginning" "$(printf 'the' | as_prompt)" "$(printf '<s>the' | as_prompt)"
check "bytes stand in for characters without a token" '{"text":"🐙"}' \
    "$(printf '🐙' | "$RLHF" tokenize --model "$llama" | cut -d' ' -f1 | "$RLHF" tokenize --model "$llama" --decode --json)"

# A text on the command line is taken exactly, as words are by echo.
check "a text given" '64 a
220 Ġ
268 Ġb' "$(tokenize 'a  b')"
check "words given" "$(tokenize 'a b' </dev/null)" "$(tokenize a b </dev/null)"
check "an empty text given" '{"ids":[],"tokens":[]}' "$(echo a | tokenize --json '')"
check "what begins with a hyphen" "$(printf -- '-a' | tokenize)" "$(tokenize -- -a)"
check "ids given" 'ab' "$(tokenize --decode 64,65)"
check "ids in two brackets" 'abc' "$(tokenize --decode '[64, 65], [66]')"
check "no ids in brackets" '' "$(tokenize --decode '[]')"
check "a number is a text" "$(printf -- '-1' | tokenize)" "$(tokenize -1)"

input=text
printf 'ab\377' >text
refused 1 'standard input: byte 2 of the text (0xff) is not UTF-8' tokenize --model "$model"
echo '12 x3' >text
refused 1 "'x3' is not an id" tokenize --model "$model" --decode
echo '1024' >text
refused 1 'id 1024 is outside [0, 1023]' tokenize --model "$model" --decode
refused 1 "the text given: 'x3' is not an id" tokenize --model "$model" --decode 12 x3
refused 1 "the text given: the ']' is missing" tokenize --model "$model" --decode '[1, 2'
refused 1 "a ']' too many" tokenize --model "$model" --decode '1, 2]'
refused 1 "a '[' too many" tokenize --model "$model" --decode '[1, [2]]'
refused 1 "an id is missing before ','" tokenize --model "$model" --decode '1,,2'
refused 1 "an id is missing before ']'" tokenize --model "$model" --decode '[1,]'
refused 1 "an id is missing after the last ','" tokenize --model "$model" --decode '1, 2,'
refused 1 '/nowhere' tokenize --model /nowhere
refused 2 '--specal' tokenize --model "$model" --specal
[ $failed -eq 0 ]

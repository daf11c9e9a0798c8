#!/usr/bin/env bash
# rlhf pretrain FOLDER: which documents of a folder are learned from, which are left out and why.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
tiny=$SOURCE_DIR/configs/tiny.json
words() { seq -f "$1%g" "$2" "$3" | tr '\n' ' '; } # PREFIX FIRST LAST: the words of a document

mkdir -p texts/deep texts/.git
words a 1 100 >texts/a.txt
{ words A 1 99 && echo 'a100!!'; } | sed 's/ /, /g' >texts/b.txt # the same words as a.txt
{ words a 1 99 && echo changed; } >texts/deep/c.txt              # 95 of 97 runs of five words are a.txt's too
{ words a 1 50 && words b 51 100; } >texts/d.txt                 # 46 of 146
printf 'caf\351' >texts/latin.txt
words a 1 100 >texts/.git/hidden
for i in $(seq 40); do echo "{\"text\":\"$(words "w$i-" 1 $((20 + i)))\"}"; done >texts/many.jsonl
echo '{"text":"too short"}' >texts/short.jsonl
echo '{"text":"too SHORT."}' >>texts/short.jsonl
: >texts/empty.txt

must init .
must pretrain texts --config "$tiny" --set pretrain.steps=1
says "46 documents in 8 files: left out 2 with the words of another, 1 nearly the same as another, 1 file that is not UTF-8"
says "which and why: "
says_like ' in 43 documents' "what is left is learned from"
left=runs/pretrain-1/left-out.jsonl
grep -qF '{"document": "texts/b.txt", "why": "the same words", "of": "texts/a.txt", "similarity": 1}' $left || fail "b.txt repeats a.txt: $(cat $left)"
grep -qE '"texts/deep/c.txt", "why": "nearly the same", "of": "texts/a.txt", "similarity": 0\.9[0-9]*' $left || fail "c.txt nearly does: $(cat $left)"
grep -qF '{"document": "texts/short.jsonl:2", "why": "the same words", "of": "texts/short.jsonl:1"' $left || fail "so does a line: $(cat $left)"
grep -qF '{"document": "texts/latin.txt", "why": "not UTF-8"}' $left || fail "Latin-1 is left out: $(cat $left)"
[ "$(wc -l <$left)" -eq 4 ] || fail "nothing else is left out: $(cat $left)"

# ---- what is held out follows from the texts alone, wherever they stand; no two of them have as many tokens ----
learned() { grep -o '[0-9,]* tokens of text' err; }
tokenizer=runs/pretrain-1/tokenizer
must pretrain texts --config "$tiny" --set pretrain.steps=1 --tokenizer $tokenizer
before=$(learned)
mkdir other && mv texts/many.jsonl other/0.jsonl && mv texts/a.txt other/zz.txt && mv texts/short.jsonl other/short.jsonl
must pretrain other texts --config "$tiny" --set pretrain.steps=1 --tokenizer $tokenizer
[ "$(learned)" = "$before" ] || fail "the documents held out are the same: $before, then $(learned)"

# ---- files alone are taken as they are, unless asked for ----
must pretrain texts/b.txt texts/deep/c.txt --config "$tiny" --set pretrain.steps=1
says_like ' in 2 documents' "files are not compared"
must pretrain texts/b.txt texts/deep/c.txt --distinct --config "$tiny" --set pretrain.steps=1
says_like ' in 1 document,' "but with --distinct"
refused 1 "texts/latin.txt: byte 4 is not UTF-8" pretrain texts/latin.txt
mkdir none
refused 1 "none: no text there to train on" pretrain none
[ $failed -eq 0 ]

#!/usr/bin/env bash
# What people write: demonstrations of theirs, that sft reads.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
must init project
cd project || exit 1
write() { # TYPED ARGUMENTS...
    printf "$1" >../typed
    input=../typed
    shift
    run write "$@"
    input=/dev/null
}
write 'How do I\ndescale it?\n.\n  Boil it.\nRinse.  \n.\nWhy?\n.\n:u\n' --as ada
exits 0 "prompts and answers"
prints "taken back: demonstration 1"
prints "0 demonstrations written as ada"
write 'How do I\ndescale it?\n.\n  Boil it.\nRinse.  \n.\nWhy?\n.\nScale.' --as ada
prints_like '^saved #1: demonstration [0-9]+, (train|valid|test) split$' "each is said to be saved"
prints "2 demonstrations written as ada; to learn from them: rlhf init --base MODEL, then rlhf sft"
must export demonstrations
[ "$(cat out)" = '{"prompt": "\n\nHuman: How do I\ndescale it?\n\nAssistant:", "completion": " Boil it.\nRinse."}
{"prompt": "\n\nHuman: Why?\n\nAssistant:", "completion": " Scale."}' ] || fail "as a dialogue, lines and all: $(cat out)"

write 'Why?\n.\nScale.\n.\n:u\n' --as ada
prints "the same prompt and answer are there already"
prints "nothing of this sitting to take back"
write '\n\n.\nWhy?\n.\n\n.\n:q\n' --as ada
exits 0 "quit in the middle"
prints "a prompt is empty"
prints "0 demonstrations written as ada"
write 'The kettle is\n.\nhot.\n.\n' --as ben --raw --json
prints '{"annotator":"ben","written":1,"train":'
must export demonstrations
prints '{"prompt": "The kettle is", "completion": " hot."}'
must annotators add cy
write 'x\n.\ny\n.\n' --as eve
exits 1 "an unknown person"
says "there is no annotator 'eve' here; there are ada, ben, cy"

# ---- answers to what is there ----
prompts 0 4 >../prompts.jsonl
printf '{"prompt":"White space at the end: "}\n' >>../prompts.jsonl
must import ../prompts.jsonl --split train
write '\n.\n We look at it.\n.\n:u\nWe look at it.\n.\n:q\n' --as ada --answers
prints "Prompt, 1 of 6:"
prints "the red lamp is broken ."
prints "1 demonstration written as ada"
must export demonstrations
prints '{"prompt": "the red radio is broken .\nA:", "completion": " We look at it."}'
write '.\n.\n.\n.\nAn end.\n.\n' --as ada --answers
prints "Prompt, 1 of 5:" # the one that has an answer is asked no more
must export demonstrations
prints '{"prompt": "White space at the end: ", "completion": "An end."}'
refused 2 "--raw is about written prompts" write --answers --raw
must verify

# ---- a split of one's own, and advice that works ----
refused 2 "--split is about written prompts" write --answers --split train
refused 2 "unknown split" write --split half
must init ../few
write 'Does it ring?\n.\nNo.\n' --as ada --split test --project ../few
prints_like '^saved #1: demonstration [0-9]+, test split$' "the split that was asked for"
prints "1 demonstration written as ada, none in the train split, which rlhf sft learns from; for that one: rlhf write --split train"
write 'Who calls?\n.\nNobody.\n.\nIs it on?\n.\nYes.\n.\n:u\n' --as ada --split train --project ../few --json
prints '{"annotator":"ada","written":1,"train":1,"there":0}'

# ---- what is written is learned from ----
prompts 0 55 | sed 's/prompt/text/' >../corpus.jsonl
must pretrain ../corpus.jsonl --config "$SOURCE_DIR/configs/tiny.json" --set pretrain.steps=2
must export demonstrations --split train
written=$(grep -c . out)
write 'Does it ring?\n.\nNo.\n' --as ada --split train
prints "1 demonstration written as ada; to learn from them: rlhf sft"
must export demonstrations --split train
[ "$(grep -c . out)" -eq $((written + 1)) ] || fail "it is in the train split"
written=$((written + 1))
must sft --config "$SOURCE_DIR/configs/tiny.json" --set sft.steps=2
says "$written demonstrations to learn from"
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# rlhf compare: which prompts are shown, what is said of the answers.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

tiny_project --set pretrain.steps=40
for thing in lamp clock radio chair table kettle bicycle camera mirror engine pencil window; do
    echo "{\"prompt\":\"the $thing of my $thing is broken .\\nA:\"}"
done >../asked.jsonl
must import ../asked.jsonl --source asked --split test
must pretrain ../corpus.jsonl --config "$tiny" --set pretrain.steps=5 --run early
must sft --config "$tiny" --model pretrain-1
refused 1 "nothing to report yet; begin with: rlhf compare" report
must compare pretrain-1 base early --rule longer --max-new-tokens 4 --source asked --n 2
refused 1 "nothing to report yet but what the ranking of several models found, which stands on the page of a comparison" report
both=(compare pretrain-1 base --rule longer --best-of 0 --max-new-tokens 12 --source asked)

# ---- worst and best first ----
# "  1 of 12: prompt 7, base 4, aligned 6 (+2)": the last numbers, which only fall or only rise
gains() { grep -oE '^  [0-9]+ of 12: prompt .*\([-+][0-9.]+\)$' out | sed 's/.*(//; s/[+)]//g'; }
must "${both[@]}" --show worst:12
[ "$(gains | wc -l)" -eq 12 ] || fail "worst:12 shows all 12 prompts"
[ "$(gains)" = "$(gains | sort -n)" ] || fail "worst first: $(gains | xargs)"
must "${both[@]}" --show best:12
[ "$(gains)" = "$(gains | sort -rn)" ] || fail "best first: $(gains | xargs)"
[ "$(gains | sort -u | wc -l)" -gt 1 ] || fail "the gains differ: the order says something"
must "${both[@]}" --show random:5
cp out once
[ "$(gains | wc -l)" -eq 5 ] || fail "random:5 shows five"
must "${both[@]}" --show random:5
cmp -s out once || fail "the same seed draws the same prompts"
must "${both[@]}" --show 2
cp out numbers
[ "$(grep -c '^  prompt ' out)" -eq 2 ] || fail "a number alone is how many"
refused 2 "--show sideways: a number, or worst, best, random or first" "${both[@]}" --show sideways

# ---- numbers ----
cp numbers out
grep -q 'by the reward model' out && fail "a reward model that is not there judges nothing"
prints_like '^  won [0-9]+, lost [0-9]+, tied [0-9]+; sign test p [=<] [01]\.[0-9]+;' "the sign test"
prints_like 'distinct-1 [01]\.[0-9]{2} \(base [01]\.[0-9]{2}\), distinct-2' "distinct-n of both models"

# ---- marks, on a terminal ----
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    TERM=xterm COLUMNS=60 script -qec "'$RLHF' ${both[*]} --show worst:1 </dev/null" typed >/dev/null 2>&1 </dev/null
    grep -q $'\033\\[1;4m' typed || fail "words that one answer has alone are marked"
    sed 's/\x1b\[[0-9;]*m//g; s/\r$//' typed | perl -CSD -ne 'exit 1 if /^ {13}/ && length > 61' ||
        fail "marked lines fit the terminal"
    NO_COLOR=1 TERM=xterm script -qec "'$RLHF' ${both[*]} --show worst:1 </dev/null" typed >/dev/null 2>&1 </dev/null
    grep -q $'\033\\[1;4m' typed && fail "NO_COLOR: no marks"
fi

# ---- on a terminal that can place text, examples that were asked for are looked through ----
if command -v tmux >/dev/null; then
    t() { TMUX_TMPDIR=$folder tmux -L pages -f /dev/null "$@"; }
    until_shown() {
        for _ in $(seq 600); do
            t capture-pane -p -t w | grep -q -- "$1" && return
            sleep 0.02
        done
        fail "the screen never showed: $1: $(t capture-pane -p -t w)"
    }
    t new-session -d -s w -x 80 -y 24 "'$RLHF' ${both[*]} --show worst; sleep 600"
    until_shown 'worst first  1 of 12'
    t send-keys -t w n
    until_shown 'worst first  2 of 12'
    t send-keys -t w q
    until_shown 'verdict:'
    t capture-pane -p -t w | grep -q '^  prompt ' && fail "what was looked through is not printed as well"
    t kill-server
fi

# ---- the report of what is there ----
refused 1 "no comparison of early@5 and sft-1@4 yet: rlhf compare" report early base
must "${both[@]}"
cp out compared
must report
prints "report.html: "
grep -qF 'Who wins' report.html || fail "the page says who wins"
SSH_CONNECTION='192.0.2.1 1 192.0.2.2 22' run report
prints_like '^from your own machine: scp .*:/.*/report\.html \.$' "over ssh, how the page gets home"
# 12 prompts and the heading
[ "$(grep -c '^<tr><td class="\(up\|down\|same\)">' report.html)" -eq 12 ] || fail "the page has every prompt"
[ "$(sed -n 's/^<tr><td class="[a-z]*">\([-+0-9.]*\)<.*/\1/p' report.html)" = "$(sed -n 's/^<tr><td class="[a-z]*">\([-+0-9.]*\)<.*/\1/p' report.html | sort -n)" ] ||
    fail "worst first"
must report pretrain-1 base --text
prints_like '^  end by themselves +[0-9.]+% +[0-9.]+%$' "how many of the answers end"
prints_like '^  words an answer +[0-9.]+ +[0-9.]+$' "how long they are"
prints "$(grep -o 'won [0-9]*, lost [0-9]*, tied [0-9]*; sign test p [=<] [0-9.]*[0-9]' compared)"
meaning=$(grep -A 1 '^  verdict: ' compared | sed -n '2s/^  //p')
prints "$meaning"
grep -A 1 '^  verdict: ' compared | grep -qE '^  The (whole )?interval |^  It wins more often' || fail "what the verdict means"
verdict=$(sed -n 's/^  verdict: \([a-z ]*\) (\(.*\))$/\1 (\2)/p' compared)
prints "verdict: $verdict"
says_nothing "a report of what was compared by this version"
prints "sft-1@4 against pretrain-1@40"
prints_like '^Base model: training, by step$' "the curves of the base"
grep -q '█' out || fail "curves of block characters"
grep -qF "$(sed -n 's/^  base  *\([a-z][a-z ]*\).*/\1/p' compared | awk 'length > 8' | head -1)" out ||
    fail "the answers are those that were compared"
refused 2 "which two models? rlhf report BASE ALIGNED" report base
echo mine >mine.html
refused 1 "mine.html exists" report --out mine.html

# ---- several at once ----
several=(compare pretrain-1 base early --rule longer --max-new-tokens 12 --source asked)
must "${several[@]}"
prints "3 models on 12 test prompts, temperature 1, by the rule longer"
prints_like '^  pretrain-1@40 +0 ' "the first model is where the points begin"
must "${several[@]}" --json
cp out ranked
must "${both[@]}" --json
rate=$(grep -oE '"win_rate":[0-9.]+' out | cut -d: -f2) # of base over pretrain-1
perl -ne '
    my @m = /"model":"([^"]*)"/g; my @w = /"wins_over":\[([^]]*)\]/g;
    my ($base) = grep { $m[$_] =~ /sft/ } 0 .. 2; my ($first) = grep { $m[$_] =~ /pretrain-1/ } 0 .. 2;
    my @row = split /,/, $w[$base]; exit !(abs($row[$first] - '"$rate"') < 1e-6 && $row[$base] eq "null")' ranked ||
    fail "a row of the table has what two models alone give, $rate: $(cat ranked)"
refused 1 "are the same model" compare pretrain-1 base sft-1 --rule longer --max-new-tokens 12 --source asked
refused 2 "three models and more: without --by people" "${several[@]}" --by people

# ---- by people ----
echo "Prefer the kinder answer." >rules # of the campaign that people label in
must campaign edit default --guidelines rules
people=(compare pretrain-1 base --by people --max-new-tokens 12 --source asked)
must "${people[@]}"
prints "12 pairs queued as eval-1: rlhf label --campaign eval-1"
must campaign show eval-1 --json
prints '"guidelines":"Prefer the kinder answer.\n"'
must campaign
prints_like '^eval-1 +evaluate +open +12 pairs, 0 labels' "a campaign to evaluate"
must status
prints "next: rlhf label --campaign eval-1   # 12 pairs to judge in it, to evaluate"
must "${people[@]}" --json
prints '{"campaign":"eval-1","pairs":12,"labeled":0,"labels":0,"equal":0,"n":0,'
prints '"verdict":null}'
# ada always takes the first answer, but ties once: 4 labels, 3 of them for what was shown first
printf 'a\na\nt\na\n' >keys
input=keys run label --line --as ada --campaign eval-1
exits 0 "ada labels"
grep -q 'pretrain-1\|sft-1' out && fail "who labels is not told whose answers they are"
must "${people[@]}" --json
prints '"pairs":12,"labeled":4,"labels":4,"equal":0,"n":4,'
prints '"position":{"first":3,"n":3,"p":0.25}' # 2 / 2^3
must export labels
won=$(grep -c '"pref": 1,' out) lost=$(grep -c '"pref": -1,' out) # b is the aligned model's: stored later
must "${people[@]}"
prints "sft-1@4 against pretrain-1@40, by people: 4 of 12 pairs labeled in eval-1"
prints "; won $won, lost $lost, tied 1; sign test p = "
prints "the answer shown first was chosen 3 times of 3: 1.00 [0.44, 1.00], p = 0.25" # Wilson: 1 / (1 + z^2 / 3)
prints "4 labels by ada 4; no pair was labeled by two people, so whether they agree is not known"
prints "verdict so far: cannot tell"
prints "to go on: rlhf label --campaign eval-1"
must campaign close eval-1
must "${people[@]}"
prints "campaign eval-1 is closed; to go on: rlhf campaign open eval-1, then rlhf label --campaign eval-1"
must campaign open eval-1
# a second person who finds all twelve equal: most votes decide, and a tie is none
must campaign edit eval-1 --overlap 2
must annotators add ben
printf 't\n%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 >keys
input=keys run label --line --as ben --campaign eval-1
must "${people[@]}" --json
prints "\"labeled\":12,\"labels\":16,\"equal\":0,\"n\":12,\"wins\":$won,\"ties\":$((12 - won - lost)),\"losses\":$lost,"
prints '"position":{"first":3,"n":3,'
prints '"annotators":[{"annotator":"ben","labels":12},{"annotator":"ada","labels":4}]'
prints '"agreement":0.625,"agreement_pairs":4' # a tie against three choices, half each, and against a tie, 1: 2.5 / 4
must "${people[@]}"
prints "16 labels by ben 12, ada 4; two people agree on 0.62 ["
prints "  verdict: "
grep -q 'to go on' out && fail "when all is labeled there is nothing to go on with"
# equal answers are not asked
must "${people[@]}" --temperature 0.01 --json
pairs=$(grep -oE '"pairs":[0-9]+' out | cut -d: -f2) equal=$(grep -oE '"equal":[0-9]+' out | cut -d: -f2)
[ $((pairs + equal)) -eq 12 ] && [ "$equal" -gt 0 ] || fail "near 0 some answers are equal: $(cat out)"
must "${people[@]}" --n 5
prints "5 pairs queued as eval-3:"
# ---- both in the report: the campaign that has labels, not the newest, and the models' ranking ----
COLUMNS=200 run report pretrain-1 base --text
exits 0 "a report with all there is"
prints "What people say (blind; no training reads these labels)"
prints "sft-1@4 against pretrain-1@40, by people, 12 of 12 pairs labeled in eval-1"
prints_like '^  by whom +ben 12, ada 4$' "who labeled"
prints_like '^  agreement +two people agree on 0.62 ' "how often they agree"
prints_like '^  when +20[0-9-]+; both models answered on 20[0-9-]+$' "when"
prints "not what other people may."
prints "Each answered 12 test prompts at temperature 1, on 20"
prints "; judged by the rule longer."
prints "Points above pretrain-1@40 by Bradley and Terry"
prints_like '^  [123] early@5$' "every model has its place"
grep -q 'trained on: an upper bound' out && fail "a rule is no model that was trained on"
grep -q '^  labels  .* by ' out && fail "labels to evaluate by are not where the models come from"
must report pretrain-1 base
grep -q '<svg[^>]*aria-label="Strength"' report.html || fail "the page draws the strengths"
grep -q '>ben 12, ada 4<' report.html || fail "the page says who labeled"

refused 1 "no labels to learn from yet" reward --config "$tiny"
refused 2 "--by people: without --rule" "${people[@]}" --rule longer
refused 2 "--by longer: that is a rule; --rule longer" compare --by longer
refused 2 "--by dice: one of people, rule, reward" compare --by dice
[ $failed -eq 0 ]

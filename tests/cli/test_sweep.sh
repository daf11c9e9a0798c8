#!/usr/bin/env bash
# rlhf sweep: sixteen runs of seconds, in every form; the fit itself is tested in tests/compare/test_scaling_law.c.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
sentences
sizes=(--config "$SOURCE_DIR/configs/tiny.json" --set model.layers=1 --widths "8,16,24,32" --quiet)

# ---- one pass each; needs no project and keeps nothing ----
must sweep corpus.jsonl "${sizes[@]}" --report page.html --json
prints_like '^\{"runs":\[(\{"weights":[0-9]+,"tokens":[0-9]+,"loss":[0-9.]+\},?){16}\],"left_out":0,"fit":' "sixteen runs as JSON"
[ "$(grep -o '"weights":[0-9]*' out | sort -u | wc -l)" -eq 4 ] || fail "four sizes"
[ "$(grep -o '"tokens":[0-9]*' out | sort -u | wc -l)" -eq 4 ] || fail "four amounts of data"
# a layer of width 8: embedding 320 8, attention 4 8 8, mlp 3 8 32, three norms of 8
prints '{"weights":3608,'
[ "$(grep -c '<svg' page.html)" -ge 1 ] || fail "losses are drawn"
grep -q '[0-9] weights' page.html || fail "a curve for each size has its name"
[ ! -e runs ] && [ ! -e rlhf.db ] || fail "a sweep leaves nothing behind"
prints_like '"residual":[0-9.e-]+,"weak":true\}\}$' "runs of seconds foretell nothing, and the JSON says so"
grep -q "interval holds 0: foretell nothing from this" page.html || fail "and the page"
grep -o '"loss":[0-9.]*' out | cut -d: -f2 >losses
must sweep corpus.jsonl "${sizes[@]}"
[ "$(sed -n 2,17p out | awk '{ print $3 }')" = "$(awk '{ printf "%.4f\n", $1 }' losses)" ] || fail "the same losses in both forms"
prints "loss = E + a/N^p + b/D^q, N weights, D tokens; 95% intervals"
prints_like '^  q +[0-9.e+-]+ \+- [0-9.e+-]+(  \(not settled\))?$' "an exponent and its interval"
prints "an exponent's interval holds 0: foretell nothing from this"

# ---- time that ends before a run does ----
must sweep corpus.jsonl "${sizes[@]}" --set pretrain.epochs=1000 --minutes 0.001
prints "left out for want of time: "
prints_like '^no fit: [0-5] points are too few to fit 5 numbers to; more time: --minutes$' "why there is none"

# ---- what cannot be swept ----
refused 2 "--widths: '32' is not 2 to 5 widths, ascending, such as 32,64,96,128" sweep corpus.jsonl --widths 32
refused 2 "is not 2 to 5 widths" sweep corpus.jsonl --widths 32,16
refused 2 "is not 2 to 5 widths" sweep corpus.jsonl --widths 8,16,24,32,40,48
refused 2 "is not 2 to 5 widths" sweep corpus.jsonl --widths 8,16x
refused 1 "model.heads 4 does not divide model.width 18" sweep corpus.jsonl --widths 16,18
refused 1 "model.width 16 is too narrow for 4 sizes with 4 heads" sweep corpus.jsonl --set model.width=16
head -5 corpus.jsonl >few.jsonl
refused 1 "nothing would be held out to measure by: that begins at 20 documents" sweep few.jsonl "${sizes[@]}"
[ $failed -eq 0 ]

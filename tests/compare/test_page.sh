#!/usr/bin/env bash
# The report in a browser: its script runs to the end without an error, and says the numbers under the pointer.
set -u
maker="$(dirname "${RLHF:?names the program}")/tests/compare_test_report"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    { echo "skipped: no Chromium"; exit 77; }
[ -x "$maker" ] || { echo "skipped: no $maker"; exit 77; }
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
export HOME=$folder
fail() { echo "FAILED: $1" && tail -n 5 seen log && exit 1; }
RLHF_REPORT_SAMPLE=page.html "$maker" >seen 2>log || fail "a page is made"

# After the page's own script: the pointer over the right edge of the first plot with points, and an error on purpose, without which a
# browser that tells of none would pass.
sed 's|</body>|<script>(function () { var s = document.querySelector("figure svg .hit").ownerSVGElement, b = s.getBoundingClientRect();\
s.dispatchEvent(new PointerEvent("pointermove", {clientX: b.right - 1, clientY: b.top + 5})); })();\
document.querySelector(".every").previousElementSibling.click();\
</script><script>onPurpose();</script></body>|' page.html >pointed.html
"$browser" --headless --no-sandbox --disable-gpu --no-first-run --disable-extensions --enable-logging=stderr --v=0 \
    --user-data-dir="$folder/profile" --dump-dom "file://$folder/pointed.html" >seen 2>log
grep -q '</html>' seen || { echo "skipped: Chromium shows nothing here"; exit 77; }
grep 'CONSOLE' log >told
grep -q 'onPurpose is not defined' told || fail "an error of a script is told"
[ "$(wc -l <told)" -eq 1 ] || fail "the page's script has no error: $(cat told)"

plots=$(grep -o '<figure>' page.html | wc -l)
grep -q "data-plots=\"$plots\"" seen || fail "the script comes to its end, over $plots plots"
said=$(grep -o '<output[^>]*><span>.*</output>' seen | head -1 | sed 's|</span><span>|\n|g; s/<[^>]*>//g')
[ -n "$said" ] || fail "the plot says what is under the pointer"
while read -r part; do
    grep -qF "<title>$part</title>" page.html || fail "the numbers are those of a point: $part"
done <<<"$said"
# The sample's prompts, turned round by a click.
tr -d '\n' <seen | grep -q '<table class="every">.*it squeaks.*it &lt;broke&gt;' ||
    fail "the prompt that gained most comes first"
exit 0

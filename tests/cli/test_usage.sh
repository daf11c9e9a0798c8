#!/usr/bin/env bash
# The command line: what is refused, what is guessed, exit statuses, where projects and settings come from.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
one_line() { [ "$(wc -l <err)" -eq 1 ] || fail "$1 is one line"; }
json_line() {
    [ "$(wc -l <out)" -eq 1 ] && grep -q '^{.*}$' out || fail "$1 is one line of JSON"
}

# ---- words ----
run stauts
exits 2 "an unknown command"
says "rlhf: unknown command 'stauts'; did you mean: status"
one_line "an error with a guess"
prints_nothing "an unknown command"

run zzzzzz
exits 2 "a word like no command"
says "all commands: rlhf help"

run --jsno status
exits 2 "an unknown option before the command"

run
exits 0 "the program alone"
prints "rlhf: align a language model with people's preferences, on this machine"
[ "$(wc -l <out)" -le 16 ] || fail "the first screen has at most 16 lines"

run help
exits 0 help
commands=$(sed -n 's/^  \([a-z]\+\) .*/\1/p' out)
[ -n "$commands" ] || fail "help lists commands"
for command in $commands; do
    run help "$command"
    exits 0 "help $command"
    prints "rlhf $command: "
    run "$command" --help
    exits 0 "$command --help"
    prints "usage: rlhf $command"
done

run help lable
exits 2 "help for an unknown command"
prints_nothing "help for an unknown command"

run help words
prints "rollout "

run help ppo
prints "(live) may be another value when a run is resumed: rlhf stop, then --resume --KEY VALUE"
run help ppo.kl-coef
exits 0 "help for a setting"
prints_like '^  ppo.kl_coef +0.05 ' "its line"
[ "$(wc -l <out)" -eq 2 ] || fail "and no other than the command's name: $(cat out)"
run help margin
[ "$(cut -c 1-15 out)" = "$(printf 'rlhf reward\n  reward.margin')" ] || fail "a key without its section: $(cat out)"
run help learning_rate
prints "sft.learning_rate"
prints "ppo.learning_rate"
refused 2 "unknown command 'kl_ceof'" help kl_ceof

run --version
prints "rlhf "

# ---- options ----
run version --jsn
exits 2 "an unknown option"
says "rlhf version: unknown option --jsn; did you mean --json"

run version extra
exits 2 "a word too many"
says "unexpected 'extra'"
refused 2 "a text to read is given with --prompt; how it is used: rlhf help generate" generate "the lamp"

run --json version && cp out before && run version --json && cmp -s before out ||
    fail "global options work before and after the command"
json_line "version --json"

run version --seed
exits 2 "an option without its value"
says "--seed needs a value (N)"

run version --seed x
exits 2 "a seed that is no number"
run version --threads 0
exits 2 "no threads"
says "--threads: 0 is outside [1, 1024]"
run version --json=1
exits 2 "a switch with a value"
says "--json takes no value"

run version --set a.b=1
exits 2 "a setting for a command without settings"
says "version has no settings to set"

RLHF_KERNELS=nonsense run doctor
exits 2 "an unknown name in RLHF_KERNELS"
says "rlhf doctor: RLHF_KERNELS: no 'nonsense' here; this machine runs "
says "plain, reference"
one_line "an unknown name in RLHF_KERNELS"
prints_nothing "an unknown name in RLHF_KERNELS"
RLHF_KERNELS=plain run doctor
exits 0 "a known name in RLHF_KERNELS"
RLHF_KERNELS='' run doctor
exits 0 "an empty RLHF_KERNELS"

run init new --dry-run
exits 2 "--dry-run where there is none"
[ ! -e new ] || fail "--dry-run where there is none does nothing"

# ---- projects ----
run status
exits 1 "a command that needs a project, without one"
says "no project here or above $PWD; make one with: rlhf init"
prints_nothing "a command without its project"

run --json status
exits 1 "an error with --json"
prints_nothing "an error with --json"
one_line "an error with --json"

run init tone
exits 0 init
prints "made a project in $PWD/tone"
prints "to type prompts here: rlhf write"
prints "then: rlhf pretrain FILE... (or rlhf init --base MODEL), rlhf sample, rlhf label"
says_nothing init
[ -f tone/rlhf.db ] && [ -f tone/project.json ] && [ -d tone/runs ] || fail "init makes rlhf.db, project.json and runs/"

run init tone
exits 1 "init where a project is"
says "tone is a project already"

mkdir -p tone/a/b other
cd tone/a/b || exit 1
run status --json
exits 0 "status in a folder below the project"
json_line "status --json"
prints "\"project\":\"$folder/tone\""
run
exits 0 "the program alone in a project"
prints "next: "
run runs
prints "no runs yet"
cd "$folder" || exit 1

RLHF_PROJECT=tone run status --json
prints "\"project\":\"$folder/tone\""
run --project tone status --json
prints "\"project\":\"$folder/tone\""
RLHF_PROJECT=other run --project tone status --json
prints "\"project\":\"$folder/tone\""
RLHF_PROJECT=other run status
exits 1 "RLHF_PROJECT without a project"
says "RLHF_PROJECT: other holds no project"
run --project nowhere status
exits 1 "--project without a project"
RLHF_PROJECT=nowhere run help
exits 0 "help with a wrong RLHF_PROJECT"

printf 'not a database, only text that stands in a file of that name\n' >other/rlhf.db
run --project other status
exits 1 "a foreign database"
says "rlhf.db"
prints_nothing "a foreign database"

run init tone --base other
exits 1 "init with a base that is no model"
says "other: no model there (config.json)"
mkdir tone/m && echo '{}' >tone/m/config.json
run init tone --base tone/m
exits 0 "init that names a base"
grep -q '"base":.*"m"' tone/project.json || fail "a base inside the project is stored without the way there"

# ---- an option that another command has ----
run init hints
run --project hints sample --prompt "a prompt"
exits 2 "sample --prompt"
says 'to see text: rlhf generate --prompt "a prompt"'
run help sample
grep -q -- '--prompt' out && fail "help shows no option that only says no"
run --project hints sample --promt x
says "unknown option --promt"
grep -q -- 'did you mean --prompt' err && fail "nor is it suggested"

# ---- second words ----
run export
exits 2 "a missing second word"
says "a second word is missing, one of: prompts, demonstrations, preferences, labels, responses"
for words in "export preferences" "reward eval" "judge score"; do
    run help "${words% *}"
    prints "  rlhf help $words"
done

# ---- a model may be one that was pulled, and help says so ----
for words in chat generate logprobs tokenize inspect "export model" "export gguf"; do
    # shellcheck disable=SC2086 # two words
    run help $words
    exits 0 "help $words"
    prints org/name
done

# ---- words that are offered are taken ----
run --project tone export prompts --split foo
exits 2 "an unknown split"
says "foo: unknown split (one of train, valid, test)"
run --project tone import none.jsonl --kind preference
says "preference: unknown kind of data (one of prompts, demonstrations, preferences, judgements, classes)"
run --project tone compare --rule nice
exits 2 "an unknown rule of compare"
says "rules: kind, brief, salesman, longer, shorter"

# ---- help keeps to the width, and breaks at words ----
for command in label import compare "campaign new"; do
    COLUMNS=80 must help $command
    [ -z "$(awk 'length($0) > 80' out)" ] || fail "help $command fits 80 columns: $(awk 'length($0) > 80' out)"
done
COLUMNS=80 must help label
prints "  choice      first or second, as that line has them (order ab: a of the store"
prints "              is first; ba: b is); a or b, as the store has them (rlhf show"
prints "                            who chose what is told after each"
COLUMNS=60 must help ppo
prints_like '^  ppo.kl_coef .* reward lost per nat of KL to the reference ' "a setting is one line where no terminal reads it"

# ---- standard output ----
"$RLHF" help >/dev/full 2>err
status=$?
exits 1 "a result that does not get out"
says "cannot write to standard output"
"$RLHF" help 2>err | head -n 1 >out
says_nothing "a reader that has had enough"

# ---- settings ----
run config
# The demo and the loop run several kinds of training, so there a key may need its section.
for command in $(sed -n 's/^  rlhf config \([a-z ]*\)$/\1/p' out | grep -vx 'demo\|loop' | tr ' ' '+'); do
    run config ${command//+/ }
    exits 0 "config $command"
    twice=$(sed -n 's/^[a-z]*\.\([a-z_]*\) .*/\1/p' out | sort | uniq -d)
    [ -z "$twice" ] || fail "each key of $command is in one section only: $twice"
done
run help ppo
if [ "$status" -ne 0 ]; then
    [ "$failed" -eq 0 ] && echo "all claims hold; no command with settings is built yet"
    exit $failed
fi
effective() { # its value and origin of ppo.kl_coef, for the settings given
    run --project tone config ppo "$@"
    exits 0 "config ppo $*"
    sed -n 's/^ppo\.kl_coef  *\([^ ]*\)  *\(.*\)$/\1 \2/p' out
}
expect() {
    local got
    got=$(effective "${@:2}")
    [ "$got" = "$1" ] || { status="?" && fail "kl_coef is '$1', not '$got', for: ${*:2}"; }
}

run config ppo --set ppo.kl_coeff=1
exits 2 "an unknown setting"
says "rlhf config: ppo.kl_coeff is no setting; did you mean ppo.kl_coef (0.05, from 0 to 10)"
prints_nothing "an unknown setting"
run config ppo --kl-coeff 1
exits 2 "an unknown setting as an option"
says "unknown option --kl-coeff; did you mean --kl-coef"
refused 2 "unknown option --ppo.kl-coeff; did you mean --ppo.kl-coef" config ppo --ppo.kl-coeff 1
refused 2 "ppo.epochs is a setting, but not of rlhf reward" config reward --set ppo.epochs=3
says "whose it is: rlhf help ppo.epochs"
run config ppo --set ppo.lr=1
exits 2 "a setting by the name that others call it"
says "ppo.lr is no setting; did you mean ppo.learning_rate"
run config ppo --lr 1
says "unknown option --lr; did you mean --learning-rate"
run config ppo --set ppo.adapters=true
exits 2 "a setting like no other"
says "ppo.adapters is no setting"
says "its settings: rlhf help ppo"
run config ppo --set kl_coef=11
exits 2 "a setting out of range"
says "kl_coef: 11 is outside [0, 10]"
run config ppo --set kl_coef
exits 2 "a setting without a value"

cat >a.json <<'JSON'
{
  // comments are allowed
  "ppo": {
    "clip_range": 0.2,
    "kl_coeff": 0.1
  }
}
JSON
run config ppo --config a.json
exits 1 "an unknown setting in a file"
says "a.json:5: ppo.kl_coeff is no setting; did you mean ppo.kl_coef (0.05, from 0 to 10)"
run config ppo --config missing.json
exits 1 "a missing file"
says "cannot read missing.json: No such file or directory"
printf '{"pop": {}}' >b.json
run config ppo --config b.json
exits 1 "an unknown section"
says "b.json:1: pop is no section; did you mean ppo"

echo '{"ppo": {"kl_coef": 0.1}}' >file.json
expect "0.05 default"
expect "0.1 file" --config file.json
echo '{"settings": {"ppo": {"kl_coef": 0.2}}}' >tone/project.json
expect "0.2 project" --config file.json
expect "0.3 --set" --config file.json --set ppo.kl_coef=0.3
expect "0.3 --set" --set kl-coef=0.3
expect "0.4 flag" --kl-coef 0.4 --set ppo.kl_coef=0.3 --config file.json
expect "0.4 flag" --kl_coef=0.4

echo '{"settings": {"ppo": {"kl_coef": -1}}}' >tone/project.json
run --project tone config ppo
exits 1 "a project's setting out of range"
says "project.json: settings: ppo.kl_coef: -1 is outside [0, 10]"

run config ppo --json --kl-coef 0.123
cp out effective.json
run config ppo --json --config effective.json
cmp -s out effective.json || fail "what config --json prints is read back to the same"

[ "$failed" -eq 0 ] && echo "all claims hold"
exit $failed

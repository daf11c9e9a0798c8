#!/usr/bin/env bash
# A project of two Unix users: what keeps the second out, what lets both in.  Needs root, to be two users.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1
fixture="$(dirname "$RLHF")/tests/labeling_test_fixture"
[ -x "$fixture" ] || { echo "skipped: no $fixture"; exit 77; }
[ "$(id -u)" -eq 0 ] || { echo "skipped: only root can be two users"; exit 77; }
command -v setpriv >/dev/null || { echo "skipped: no setpriv"; exit 77; }
lab=64100 eve=64001 ben=64002 owner=$(id -un 64001 2>/dev/null || echo "user 64001")
setpriv --reuid=$ben --regid=$ben --groups=$lab true 2>/dev/null || { echo "skipped: setpriv may not"; exit 77; }

# Each user with a group of his own and, where said, the lab's; the program where both can reach it.
cp "$RLHF" program
chmod 755 . program
as() { # UID GROUPS ARGUMENTS...
    local user=$1 groups=$2
    shift 2
    (umask 022 && exec setpriv --reuid="$user" --regid="$user" $groups ./program "$@") >out 2>err <"$input"
    status=$?
}
in_lab="--groups=$lab" alone=--clear-groups
mode() { stat -c '%a %g' "$1"; }
printf 'a\n' >keys
mkdir tone && "$fixture" make tone 6 && mkdir tone/runs && chown -R $eve:$eve tone && chmod 644 tone/rlhf.db && chmod 755 tone
input=keys

as $ben "$in_lab" label --line --project tone --as ben
exits 1 "another user's database"
says "tone/rlhf.db belongs to $owner and the group cannot write; $owner can run: rlhf init --shared"
before=$(sha256sum <tone/rlhf.db)
for words in status verify annotators campaign "campaign show" runs "export labels" "backup $PWD/copy"; do
    as $ben "$in_lab" $words --project tone
    [ "$words" = "backup $PWD/copy" ] || exits 0 "who may only read reads: $words"
done
says "copy" # his folder it is not
[ "$before" = "$(sha256sum <tone/rlhf.db)" ] || fail "and changes nothing"
for words in "annotators add eve" "campaign new x" "judge --rule longer" "label --line"; do
    as $ben "$in_lab" $words --project tone
    exits 1 "who may only read writes nothing: $words"
    says "the group cannot write"
done
as $ben "$in_lab" init tone --shared=$lab
exits 1 "only the owner shares"
says "tone belongs to $owner, who alone can share it"
as $eve "$alone" init tone --shared=$lab
exits 1 "with a group that she is in"
says "you are not in group $lab"
as $eve "$in_lab" init tone --shared=nonesuch
exits 2 "and that is there"
says "--shared: there is no group 'nonesuch' on this machine"
as $eve "$in_lab" doctor --project tone
prints "not shared; for other users of this machine: rlhf init --shared=GROUP"

as $eve "$in_lab" init tone --shared=$lab
exits 0 "the owner shares"
prints "shared with group $lab"
[ "$(mode tone)" = "2775 $lab" ] || fail "the folder hands its group down: $(mode tone)"
[ "$(mode tone/rlhf.db)" = "660 $lab" ] || fail "the group writes the database: $(mode tone/rlhf.db)"
[ "$(mode tone/runs)" = "2775 $lab" ] || fail "and the runs: $(mode tone/runs)"
as $eve "$in_lab" doctor --project tone
prints_like "^sharing +shared with group $lab$" "doctor says so"

# Both label, in turn: each writes what the other left, the journal too.
for who in "$ben ben" "$eve eve" "$ben ben" "$eve eve"; do
    as "${who% *}" "$in_lab" label --line --project tone --as "${who#* }" --limit 1
    exits 0 "${who#* } labels"
done
for file in tone/rlhf.db*; do
    [ "$(mode "$file")" = "660 $lab" ] || fail "the group writes $file: $(mode "$file")"
done
as $eve "$in_lab" verify --project tone
prints "4 labels"
# What the second user makes, the first may replace.
chmod 2777 tone
as $ben "$in_lab" export labels --project tone --out tone/labels.jsonl
[ "$(mode tone/labels.jsonl)" = "664 $lab" ] || fail "what is made there is shared: $(mode tone/labels.jsonl)"
chmod 2775 tone

as $ben "$alone" label --line --project tone --as ben
exits 1 "who is not in the group stays out"
says "tone/rlhf.db belongs to $owner and you are not in its group $lab"

# Rights that somebody took away again are named, by doctor too.
chmod 640 tone/rlhf.db
as $ben "$in_lab" doctor --project tone
prints "shared, but the group cannot write rlhf.db; $owner can run: rlhf init --shared"
as $eve "$in_lab" init tone --shared
exits 0 "sharing again mends it"
as $ben "$in_lab" label --line --project tone --as ben --limit 1
exits 0 "and ben goes on"
chmod g-w tone
as $ben "$in_lab" label --line --project tone --as ben --limit 1
exits 1 "a folder in which no journal can be made"
says "tone belongs to $owner and the group cannot write"

# Who may not read the database may not read a copy of it.
chmod 775 tone && chmod g+s tone
as $ben "$in_lab" backup --project tone
exits 0 "a backup by the second user"
[ "$(mode tone/backups/rlhf-*.db)" = "660 $lab" ] || fail "it has the rights of the database: $(ls -l tone/backups)"

# A new one is shared from the start.
mkdir new && chown $eve:$lab new
as $eve "$in_lab" init new --shared
exits 0 "a new shared project"
[ "$(mode new/rlhf.db)" = "660 $lab" ] || fail "its database is the group's: $(mode new/rlhf.db)"
[ "$(mode new/runs)" = "2775 $lab" ] || fail "its runs are: $(mode new/runs)"
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# tests/check_layers.sh finds what the table of docs/design.md does not allow, however it is written.
. "${SOURCE_DIR:?names the folder of the sources}/tests/cli/lib.sh" || exit 1

mkdir tests && cp "$SOURCE_DIR/tests/check_layers.sh" tests/
mkdir base kernels store policy labeling reward ppo compare cli
# found FOLDER LINE, allowed FOLDER LINE: one file for each line; what may not be is looked for in the end.
n=0
wrong=()
allowed() { n=$((n + 1)) && printf '%s\n' "$2" >"$1/file$n.c"; }
found() { allowed "$@" && wrong+=("$1/file$n.c:1:$2"); }

allowed base '#include "base/error.h"'
allowed ppo '#include "reward/reward.h"'
found reward '#include "ppo/ppo.h"'
found base '#  include "kernels/kernels.h"'
found store '# include	"policy/policy.h"'
found policy '	#include "store/store.h"'
found cli '#include "command.h"'
found cli '#  include "command.h"'
found labeling '#include <sqlite3.h>'
found cli '#  include <sqlite3.h>'
found policy '# pragma omp parallel for'
found base '#include <omp.h>'
found base '#  include <immintrin.h>'
found cli '#include <ncurses.h>'
found cli '#include <ncursesw/curses.h>'
found cli '#include <pcre2.h>'
found store '#include <curl/curl.h>'
for folder in base store; do allowed $folder '#include <sodium.h>'; done
for folder in policy labeling cli; do found $folder '#include <sodium.h>'; done
for folder in base cli; do allowed $folder '#include <cjson/cJSON.h>'; done
for folder in store ppo; do found $folder '# include <cjson/cJSON.h>'; done
for folder in base store policy labeling; do allowed $folder '#include <utf8proc.h>'; done
found ppo '#include <utf8proc.h>'
allowed store '#include <zlib.h>'
found policy '#include <zlib.h>'

tests/check_layers.sh >out 2>err
status=$?
exits 1 "a tree with wrong includes"
for line in "${wrong[@]}"; do prints "$line"; done
[ "$(grep -c '/file[0-9]*\.c:' out)" -eq ${#wrong[@]} ] || fail "nothing else is found"
for line in "${wrong[@]}"; do rm "${line%%:*}"; done
tests/check_layers.sh >out 2>err
status=$?
exits 0 "a tree with allowed includes"
[ $failed -eq 0 ]

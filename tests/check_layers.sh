#!/bin/sh
# Fails when a folder includes one it may not, or uses a library that belongs to another folder.
# A folder may always include itself.  The table is the one of docs/design.md.
cd "$(dirname "$0")/.." || exit 1

folders="base kernels store policy labeling reward ppo compare cli"
allowed() {
    case $1 in
    base) echo "" ;;
    kernels | store) echo "base" ;;
    policy) echo "base kernels" ;;
    labeling) echo "base store" ;;
    reward) echo "base policy" ;;
    ppo | compare) echo "base policy reward" ;;
    cli) echo "$folders" ;;
    esac
}

status=0
include='#[[:space:]]*include[[:space:]]*'
# complain MESSAGE GREP-ARGUMENTS...: print the lines that match, if any, and fail.
complain() {
    message=$1
    shift
    lines=$(grep -rnsE --include='*.[ch]' "$@") || return 0
    printf '%s\n%s\n' "$message" "$lines"
    status=1
}

for folder in $folders; do
    may=" $folder $(allowed "$folder") "
    for other in $folders; do
        case $may in
        *" $other "*) ;;
        *) complain "$folder/ must not include $other/:" "$include\"$other/" "$folder" ;;
        esac
    done
    complain "$folder/: include by path from the root:" "$include\"[^/]*\"" "$folder"
done

# only FOLDERS PATTERN: what these folders keep to themselves.
only() {
    for folder in $folders; do
        case " $1 " in
        *" $folder "*) ;;
        *) complain "only $1 may use this, $folder does:" "$2" "$folder" ;;
        esac
    done
}
only store "$include<(sqlite3|zlib)\.h>"
only kernels "#[[:space:]]*pragma[[:space:]]+omp|$include<(omp|immintrin)\.h>"
only labeling "$include<n?curses"
only policy "$include<pcre2"
only base "$include<curl/"
only "base store" "$include<sodium"
only "base cli" "$include<cjson/"
only "base store policy labeling" "$include<utf8proc"

exit $status

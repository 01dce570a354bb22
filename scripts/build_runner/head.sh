#!/bin/sh
PATH=/usr/bin:/bin; LC_ALL=C; export PATH LC_ALL; unset LD_LIBRARY_PATH LD_PRELOAD IFS CDPATH ENV
[ "$(tail -n +4 "$0" | cksum)" = "@REST@" ] || { m="$0 is damaged. Reset the project, which fetches it again."; printf '17\n%.250s\n' "$m" >boinc_finish_called; echo "$m" >&2; exit 17; }
# Axiom's runner as boinc-client starts it. Behind this text lies a small interpreter, which is unpacked once beside the
# laboratory's files, and which verifies and unpacks the runtime. Everything below the third line is compared above.
set -u
umask 022
project=$(cd -- "$(dirname -- "$0")" && pwd -P) || exit 70
home=$project/axiom
boot=$home/boot-@BOOT@

give_up() {
    printf '%d\n%.250s\n' "$1" "$2" >boinc_finish_called
    printf '%s\n' "$2" >&2
    exit "$1"
}

# There may be room later; where not even this can be written, the status says it.
come_again() {
    printf '%s\n' "$1" >&2
    printf '600\n%.250s\n' "$1" >boinc_temporary_exit && exit 0
    exit 15
}

# Every file of it is there, whole and as it was made.
is_whole() {
    [ "$(cd -- "$1" 2>/dev/null && cat -- @FILES@ 2>/dev/null | cksum)" = "@SUM@" ]
}

if ! is_whole "$boot"; then
    draft=$home/.boot.$$
    for tool in tar gzip; do
        command -v "$tool" >/dev/null || give_up 70 "$tool is missing on this computer, which unpacking the runner needs."
    done
    { mkdir -p -m 700 "$home" && rm -rf "$draft" && mkdir "$draft"; } || come_again "$home cannot be written. Make room there."
    tail -n +@LINE@ "$0" | gzip -dc | (cd "$draft" && tar -xf -)
    if ! is_whole "$draft"; then
        rm -rf "$draft"
        come_again "The runner's interpreter cannot be unpacked in $home. Make room there."
    fi
    "$draft/bin/python3" -I -S -B -X utf8 "$draft/boot.py" place "$draft" "$boot" 2>/dev/null
    placed=$?
    rm -rf "$draft"
    [ "$placed" != 15 ] || come_again "The runner's interpreter cannot be put into $home. Make room there."
    [ "$placed" != 17 ] || give_up 17 "The runner's interpreter cannot be put into $home. Reset the project there."
    is_whole "$boot" || give_up 70 "The runner's interpreter does not run on this computer: @NEEDS@."
fi
exec "$boot/bin/python3" -I -S -B -X utf8 "$boot/boot.py" "$project" @RUNTIME@ @SHA256@ "$@"

#!/bin/sh
PATH=/usr/bin:/bin; LC_ALL=C; export PATH LC_ALL; unset LD_LIBRARY_PATH LD_PRELOAD IFS CDPATH ENV
[ "$(tail -n +4 "$0" | cksum)" = "@REST@" ] || { m="$0 is damaged. Reset the project, which fetches it again."; printf '70\n%.250s\n' "$m" >boinc_finish_called; echo "$m" >&2; exit 70; }
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

# Every file of it is there, whole and as it was made.
is_whole() {
    [ "$(cd -- "$1" 2>/dev/null && cat -- @FILES@ 2>/dev/null | cksum)" = "@SUM@" ]
}

if ! is_whole "$boot"; then
    draft=$home/.boot.$$
    { mkdir -p -m 700 "$home" && rm -rf "$draft" && mkdir "$draft"; } || give_up 15 "$home cannot be written. Make room there."
    tail -n +@LINE@ "$0" | gzip -dc | (cd "$draft" && tar -xf -)
    if ! is_whole "$draft"; then
        rm -rf "$draft"
        give_up 15 "The runner's interpreter cannot be unpacked in $home. Make room there; tar and gzip are needed too."
    fi
    "$draft/bin/python3" -I -S -B -X utf8 "$draft/boot.py" place "$draft" "$boot" 2>/dev/null
    rm -rf "$draft"
    is_whole "$boot" || give_up 70 "The runner's interpreter does not run on this computer: @NEEDS@."
fi
exec "$boot/bin/python3" -I -S -B -X utf8 "$boot/boot.py" "$project" @RUNTIME@ @SHA256@ "$@"

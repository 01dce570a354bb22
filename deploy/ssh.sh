#!/bin/sh
# Pilots on computers that you reach with ssh: docs/howto/run-on-a-cluster.md
#   AXIOM_SERVER=https://lab.example/ AXIOM_LAB=DIGEST AXIOM_KEY_FILE=alpha.key deploy/ssh.sh node1 me@node2
# Ends when no work is left on any of them, with the worst exit status: 255 where one was not reached. The others
# compute all the same. Ctrl-C ends the pilots, and so does a connection that breaks. Start it in tmux where it shall outlive your session. AXIOM_WORDS is added to each pilot's
# command line.
set -eu
[ $# -gt 0 ] || { echo "deploy/ssh.sh HOST..." >&2; exit 2; }
ssh="${AXIOM_SSH:-ssh} -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=30"
quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }
# The key travels on standard input: everybody on a computer can read the words with which a command was started.
bring='umask 077; mkdir -p ~/.axiom; cat >~/.axiom/key.$$ && mv ~/.axiom/key.$$ ~/.axiom/cluster.key'
pilot="exec ${AXIOM:-axiom} work --leash --server $(quoted "$AXIOM_SERVER") --lab $(quoted "$AXIOM_LAB") \
--key-file ~/.axiom/cluster.key --scratch ${AXIOM_SCRATCH:-/tmp/axiom-\$(id -un)} ${AXIOM_WORDS:-}"
# Every pilot's standard input is this pipe, into which nobody writes. It ends for all of them when we do.
folder=$(mktemp -d)
mkfifo "$folder/leash"
exec 3<>"$folder/leash" 4<"$folder/leash"
rm -r "$folder"
stopped=
trap 'stopped=yes; exec 3>&-' INT TERM HUP
started=
worst=0
[ -r "$AXIOM_KEY_FILE" ] || { echo "deploy/ssh.sh: $AXIOM_KEY_FILE cannot be read" >&2; exit 2; }
for host; do
    status=0
    $ssh "$host" "$bring" <"$AXIOM_KEY_FILE" 3>&- 4<&- || status=$?
    [ "$status" -le "$worst" ] || worst=$status
    [ -z "$stopped" ] || break
    if [ "$status" -ne 0 ]; then
        echo "deploy/ssh.sh: the key was not brought to $host (ssh ended with status $status), so no pilot starts there" >&2
        continue
    fi
    $ssh "$host" "$pilot" <&4 3>&- 4<&- &
    started="$started $!"
done
for one in $started; do
    # A signal ends `wait` before the pilot has ended, which takes a few seconds more.
    while status=0 && { wait "$one" || status=$?; } && kill -0 "$one" 2>/dev/null; do :; done
    [ "$status" -le "$worst" ] || worst=$status
done
exit "$worst"

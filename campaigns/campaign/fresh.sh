#!/bin/sh
# Proves the first hour in an empty root: a clone installs, computes, stops, goes on, works offline and goes away.
#
# Inside: the system's own folders, read-only; an empty home with a fresh clone; an empty /tmp; nothing of ours.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)

say() { printf '%6s s  %s\n' "$(($(date +%s) - began))" "$*"; }

if ! command -v bwrap >/dev/null; then
    if [ "$(id -u)" != 0 ] || ! apt-get install --yes --quiet bubblewrap >&2; then
        echo "This campaign needs bubblewrap, which is not here, so nothing was proven. Type: sudo apt-get install bubblewrap" >&2
        exit 5
    fi
fi

began=$(date +%s)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
git clone --quiet --no-hardlinks "$root" "$scratch/axiom"
cp "$root/campaigns/fresh/lab.py" "$scratch/lab.py"

# inside [--offline] COMMAND: in the empty root; only what names a mirror or a certificate comes along.
inside() {
    net=--share-net
    if [ "$1" = --offline ]; then
        net=--unshare-net
        shift
    fi
    set -- --chdir /home/visitor/axiom -- "$@"
    for name in PIP_INDEX_URL PIP_CERT UV_DEFAULT_INDEX UV_INDEX_URL SSL_CERT_FILE HTTPS_PROXY https_proxy NO_PROXY no_proxy; do
        eval "value=\${$name:-}"
        [ -z "$value" ] || set -- --setenv "$name" "$value" "$@"
    done
    for folder in /lib32 /lib64 /libx32 /lib /bin; do
        [ ! -e "$folder" ] || set -- --ro-bind "$folder" "$folder" "$@"
    done
    resolv=$(readlink -f /etc/resolv.conf)
    bwrap --unshare-all "$net" --die-with-parent --new-session --clearenv \
        --setenv PATH /usr/bin:/bin --setenv HOME /home/visitor --setenv LANG C.UTF-8 \
        --ro-bind /usr /usr --ro-bind /etc /etc --ro-bind-try "$resolv" "$resolv" --proc /proc --dev /dev --tmpfs /tmp \
        --bind "$scratch" /home/visitor "$@"
}

say "an empty root with a clone of $(git -C "$scratch/axiom" rev-parse --short HEAD)"
inside scripts/lab --help >/dev/null
say "scripts/lab --help: installed"
inside scripts/lab --help >/dev/null 2>"$scratch/again"
[ ! -s "$scratch/again" ] || { cat "$scratch/again" >&2; say "the second time it had something to say: not idempotent"; exit 1; }
say "again: nothing to do"
inside /usr/bin/python3 ../lab.py first
say "a laboratory: results of all its experiments, stopped by Ctrl-C"
inside /usr/bin/python3 ../lab.py more
say "started again: nothing lost, more results"
inside --offline scripts/lab --help >/dev/null
say "without a network: scripts/lab --help"
inside --offline /usr/bin/python3 ../lab.py more
say "without a network: the laboratory goes on"
inside scripts/lab --remove
for gone in .venv .tools; do
    [ ! -e "$scratch/axiom/$gone" ] || { say "$gone is still there after --remove"; exit 1; }
done
[ -d "$scratch/axiom/lab-data" ] || { say "lab-data is gone after --remove"; exit 1; }
[ -z "$(git -C "$scratch/axiom" status --porcelain)" ] || { say "the checkout is not as it was"; exit 1; }
say "--remove: .venv and .tools are gone, lab-data stays, the checkout is as it was"

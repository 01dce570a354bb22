# Read by the other scripts before they work: puts a locked environment into the checkout, or finds it there.
# Leaves $root, $python and the function pin_threads behind. Costs a few milliseconds and no network when nothing has changed.

uv_version=0.13.8

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
python=$root/.venv/bin/python
stamp=$root/.venv/axiom-stamp

# The laboratory needs less than tests, checks, benches and campaigns. What was installed once for those stays.
case ${0##*/} in lab | build-runner) parts=lab ;; *) parts=all ;; esac
case $(cat "$stamp" 2>/dev/null) in '' | *" lab") ;; *) parts=all ;; esac

say() { printf '%s\n' "$*" >&2; }

cannot_start() {
    say "$@"
    exit 5
}

if [ "${1:-}" = --remove ]; then
    rm -rf "$root/.venv" "$root/.tools" "$root"/build/*/.building-*
    say "Removed .venv, .tools and what a build of the runner left half done. lab-data, if there is one, is untouched; uv's own cache of packages is too."
    exit 0
fi

# What the environment depends on: the lock, the project, where it stands and which Python made it.
fingerprint() {
    { printf '%s\n' "$root" "$uv_version" && cat "$root/uv.lock" "$root/pyproject.toml" "$root"/packages/*/pyproject.toml "$root/.venv/pyvenv.cfg" 2>/dev/null; } | cksum
}

find_python() {
    for found in python3 python3.11 python3.12 python3.13 python3.14; do
        "$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return 0
    done
    cannot_start "Axiom needs Python 3.11 or newer, and there is none on the PATH, so nothing was installed." \
        "On Debian: apt-get install python3 python3-venv. A Python elsewhere: put its folder first in PATH."
}

# A Python that was compiled on this computer, as pyenv does it, often lacks what a distribution's has: it was not
# compiled a second time for where it spends its time. All of Axiom is slower by as much. So the
# first on the PATH makes the environment, unless the system's own needs less than four fifths of its time.
choose_python() {
    chosen=$found
    ours=$(pace "$found")
    [ -n "$ours" ] || return 0
    for system in /usr/bin/python3.14 /usr/bin/python3.13 /usr/bin/python3.12 /usr/bin/python3.11; do
        [ -x "$system" ] || continue
        theirs=$(pace "$system")
        if [ -n "$theirs" ] && [ $((5 * theirs)) -lt $((4 * ours)) ]; then
            say "Taking $system: for the same work it needs $theirs µs, and $found on the PATH $ours."
            chosen=$system
            return 0
        fi
    done
}

pace() { "$1" -I "$root/scripts/pace.py" 2>/dev/null || :; }

# A Debian Python may lack the part that makes environments. Root can be helped; anybody else is told the line.
make_tools() {
    "$found" -m venv --clear "$root/.tools/uv" >/dev/null 2>&1 && return 0
    line="apt-get install --yes python3-venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "This Python cannot make environments: $line"
        { apt-get update -q && $line; } >&2 && "$found" -m venv --clear "$root/.tools/uv" >&2 && return 0
    fi
    cannot_start "$found cannot make an environment, so nothing was installed. Type this once, then again $0: sudo $line"
}

install() {
    find_python
    choose_python
    if [ $parts = lab ]; then
        fetched="about 270 MB, which take 0.9 GB once installed (JAX is a third of it)" only=--no-dev
    else
        fetched="about 430 MB, which take 1.5 GB once installed, tests and checks with it" only=
    fi
    say "Installing Axiom's locked packages into .venv: $fetched. Less where uv has them in its cache."
    uv=$root/.tools/uv/bin/uv
    if [ "$("$uv" --version 2>/dev/null | cut -d ' ' -f 2)" != "$uv_version" ]; then
        say "Fetching uv $uv_version into .tools: about 20 MB."
        make_tools
        "$root/.tools/uv/bin/pip" install --quiet --disable-pip-version-check "uv==$uv_version" ||
            cannot_start "uv $uv_version could not be fetched, so nothing was installed. Is there a network, or a mirror in PIP_INDEX_URL?"
    fi
    UV_PROJECT_ENVIRONMENT=$root/.venv UV_PYTHON_DOWNLOADS=never \
        "$uv" sync --project "$root" --frozen --all-extras --no-extra cuda13 $only --quiet --python "$chosen" ||
        cannot_start "The locked packages could not be installed, for the reason above. What is there stays; $0 goes on from it."
    # What computes is confined and writes nothing there: without this, each such process would compile JAX anew, for seconds.
    # Where JAX cannot be used, whoever computes with it says so.
    env -u PYTHONDONTWRITEBYTECODE JAX_PLATFORMS=cpu "$python" -c 'import jax; jax.numpy.zeros(1) + 1' >/dev/null 2>&1 || :
    # What packages bring along to be tested and compiled against: 60 MB that nobody imports.
    [ $parts = all ] || find "$root"/.venv/lib/*/site-packages \( -type d -name tests \
        -o -type f \( -name '*.h' -o -name '*.pyx' -o -name '*.pxd' \) \) -prune -exec rm -r {} + 2>/dev/null || :
    echo "$(fingerprint) $parts" >"$stamp"
    say "Installed. From now on this works without a network; --remove undoes it."
}

present=$(cat "$stamp" 2>/dev/null || :)
if ! [ -x "$python" ] || [ "$present" != "$(fingerprint) $parts" ]; then
    install
fi

# One thread per process, so that figures compare and the cores are shared fairly.
pin_threads() {
    export NPROC=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
    export JAX_PLATFORMS=cpu XLA_FLAGS=--xla_cpu_multi_thread_eigen=false
    unset OPENBLAS_CORETYPE # where it is set it halves NumPy, and would flatter any comparison with it
}

# The tests use real parts: a browser, the BOINC client, systemd. Root, or who may use sudo without a password, is helped;
# anybody else is told the line, and the tests that need the part are skipped. The first argument is a command that the part
# brings, the second the system's package, the third what it is for.
need() {
    command -v "$1" >/dev/null && return 0
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    line="apt-get install --yes $2"
    if command -v apt-get >/dev/null && { [ -z "$as_root" ] || $as_root true 2>/dev/null; }; then
        say "Installing the system's package $2, $3: $line"
        { $as_root apt-get update -q && $as_root $line; } >&2 && return 0
    fi
    say "There is no $1, so the tests that need it are skipped: $3. Type this once: sudo $line"
}

# Servers that tests start and that an installation would start by itself, on ports open to all: they are only unpacked,
# into .tools/parts, with what they need and the system lacks. The first argument is what they are for, the others are
# Debian's packages.
unpack() {
    what=$1
    shift
    parts=$root/.tools/parts
    [ "$(cat "$parts/stamp" 2>/dev/null)" != "$*" ] || return 0
    if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
        say "Unpacking the system's packages $* into .tools/parts, $what."
        [ "$(id -u)" != 0 ] || apt-get update -q >&2 || :
        rm -rf "$parts" && mkdir -p "$parts/packages" &&
            lacking=$(apt-get install --dry-run --no-install-recommends "$@" | sed -n 's/^Inst \([^ ]*\) .*/\1/p') &&
            # shellcheck disable=SC2086 # they are several words
            (cd "$parts/packages" && apt-get download -q -o APT::Sandbox::User=root $lacking) >&2 &&
            for one in "$parts"/packages/*.deb; do dpkg -x "$one" "$parts" || return 0; done &&
            rm -r "$parts/packages" && printf '%s\n' "$*" >"$parts/stamp" && return 0
    fi
    say "These packages could not be unpacked, so the tests that need them are skipped: $*, $what."
}

"""Runs programs of another system on this one: Windows' by Wine 10, arm64's by qemu, each in a Debian of its own.

Such a Debian is a folder, which root makes once. What runs there sees this computer's /proc, /sys and /dev; a program
for Windows has all of this computer as its drive Z:, one for arm64 the folders that it is given, under the same names.
It is for what we built ourselves: it confines nothing.
"""

import itertools
import os
import platform as this_computer
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from build_runner.helpers import have
from build_runner.plan import ROOT, Platform

ROOTS = ROOT / "build" / "roots"
_WINE = "wine"
_PREFIX = "opt/wine"  # where Wine keeps its C:, below the root
_SYSTEM = f"{_PREFIX}/drive_c/windows/system32"
_ENVIRONMENT = {"HOME": "/root", "LANG": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
# Wine's own words: where its C: lies, no diary, and that our library comes before its own.
_OF_WINE = {
    "WINEPREFIX": f"/{_PREFIX}",
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": "ucrtbase=n,b;mscoree,mshtml=",
    "XDG_RUNTIME_DIR": "/run",
}
_HOST = "/host"  # where Wine's Z: is: its server, which outlives a program, opens the files of the next one, too
_MOUNT = """
root=$1; shift
for place in proc sys dev; do mount --rbind /$place "$root/$place" || exit 1; done
while [ "$1" != -- ]; do mkdir -p "$root$2" && mount --rbind "$1" "$root$2" || exit 1; shift 2; done
shift
exec chroot "$root" /usr/bin/env -i "$@"
"""
_EXPORTS = re.compile(r"^\s+\[\s*\d+\](?: \+base\[\s*\d+\]\s+[0-9a-f]+)? (\S+)$", re.MULTILINE)
_OURS = re.compile(r"\bx_(\w+)\(")


@dataclass(frozen=True, kw_only=True, slots=True)
class Debian:
    """What is installed into the folder for a platform."""

    suite: str
    architecture: str
    packages: tuple[str, ...]


_DEBIANS = {
    "windows_x86_64": Debian(
        suite="trixie", architecture="amd64", packages=("wine", "wine64", "gcc-mingw-w64-x86-64-win32")
    ),
    "aarch64-unknown-linux-gnu": Debian(  # with what a whole computer needs to start, where a campaign makes one of it
        suite="bookworm", architecture="arm64", packages=("python3", "boinc-client", "iproute2", "kmod", "socat")
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Emulation:
    """A Debian in a folder, for programs of a platform that is not this computer's."""

    root: Path
    is_windows: bool

    @property
    def python(self) -> Path | None:
        """The prefix of the Python that lies there; Wine's Windows has none."""
        return None if self.is_windows else self.root / "usr"

    @property
    def name(self) -> str:
        """What runs them, and its version: what they were proven by."""
        if self.is_windows:
            printed = self.run([_WINE, "--version"])
            return f"Wine {printed.removeprefix('wine-').split()[0]}"
        printed = subprocess.run(
            ["qemu-aarch64-static", "--version"], capture_output=True, text=True, check=True
        ).stdout
        return f"qemu {printed.split()[2]}"

    def name_of(self, path: Path) -> str:
        """Return what a file of this computer is called there."""
        return f"Z:{path}" if self.is_windows else str(path)

    def start(self, program: Path, *words: str) -> list[str]:
        """Return a program and its words as they are said there."""
        return [*([_WINE] if self.is_windows else []), self.name_of(program), *words]

    def words(
        self,
        command: Sequence[str],
        folders: Iterable[Path] = (),
        environment: Mapping[str, str] | None = None,
        place: Path = Path("/"),
    ) -> list[str]:
        """Return the command that runs this one there, in a place; a program for Windows as what follows `wine`."""
        values = _ENVIRONMENT | (_OF_WINE if self.is_windows else {}) | dict(environment or {})
        seen = [("/", _HOST)] if self.is_windows else [(str(path.resolve()), str(path.resolve())) for path in folders]
        inside = f"{_HOST if self.is_windows else ''}{place.resolve()}"
        named = [f"{name}={value}" for name, value in values.items()]
        private = [have("unshare"), "--mount", "--propagation", "private", "sh", "-c", _MOUNT, "sh"]
        return [*private, str(self.root), *itertools.chain(*seen), "--", f"--chdir={inside}", *named, *command]

    def run(self, command: Sequence[str], folders: Iterable[Path] = ()) -> str:
        """Return what a command prints there; a ValueError with what it said when it fails."""
        done = subprocess.run(
            self.words(command, folders), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise ValueError(
                f"{' '.join(command[:3])} ends with {done.returncode} in {self.root}: {done.stderr[-2000:]}"
            )
        return done.stdout


def can_emulate(platform: Platform) -> bool:
    """Is there something that runs a platform's programs on this computer?"""
    return platform.name in _DEBIANS and sys.platform == "linux" and this_computer.machine() == "x86_64"


def find_emulation(platform: Platform) -> Emulation:
    """Return the Debian for a platform's programs, made now if there is none; a ValueError where that cannot be."""
    debian = _DEBIANS[platform.name]
    folder = ROOTS / platform.name
    if os.geteuid():
        raise ValueError(
            f"A runner for {platform.name} is proven in a Debian of its own, which only root can make and enter, so "
            f"nothing was built. Type: sudo scripts/build-runner --platform {platform.name}"
        )
    emulation = Emulation(root=folder, is_windows=platform.system == "win32")
    if not emulation.is_windows:
        have("qemu-aarch64-static", "qemu-user-static", "binfmt-support")
        _let_qemu_start()
    if not (folder / "made").exists():
        _make(debian, emulation)
    return emulation


def _let_qemu_start() -> None:
    """Have the kernel start programs of arm64 by qemu."""
    if not Path("/proc/sys/fs/binfmt_misc/status").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "none", "/proc/sys/fs/binfmt_misc"], check=True)
    subprocess.run(["update-binfmts", "--enable", "qemu-aarch64"], check=True)


def _make(debian: Debian, emulation: Emulation) -> None:
    folder = emulation.root
    if not (folder / "etc" / "debian_version").exists():
        folder.mkdir(parents=True, exist_ok=True)
        debootstrap = [have("debootstrap", "debootstrap"), f"--arch={debian.architecture}", "--variant=minbase"]
        subprocess.run([*debootstrap, debian.suite, str(folder)], check=True, stdout=subprocess.DEVNULL)
    install = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--no-install-recommends"]
    emulation.run([*install, *debian.packages])
    emulation.run(["apt-get", "clean"])
    if emulation.is_windows:
        emulation.run(["wineboot", "--init"])
        emulation.run([_WINE, "reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f"])
        drive = folder / _PREFIX / "dosdevices" / "z:"
        drive.unlink()
        drive.symlink_to(_HOST)
        _add_complex_numbers(emulation)
    (folder / "made").write_text("")


def _add_complex_numbers(emulation: Emulation) -> None:
    """Put a C library into Wine's Windows that has complex numbers, which NumPy asks for and Wine's own only names.

    Ours has those and leads all else on to a copy of Wine's. No file of a runner is changed for it.
    """
    system, source = emulation.root / _SYSTEM, Path(__file__).parent / "wine" / "complex_math.c"
    theirs = next((emulation.root / "usr/lib").glob("*/wine/x86_64-windows/ucrtbase.dll"))
    table = emulation.run(["x86_64-w64-mingw32-objdump", "-p", f"/{theirs.relative_to(emulation.root)}"])
    exported = _EXPORTS.findall(table.split("[Ordinal/Name Pointer] Table")[1])
    ours = _OURS.findall(source.read_text(encoding="utf-8"))
    lines = [f"{name}=x_{name}" for name in ours] + [f"{name}=wineucrt.{name}" for name in exported if name not in ours]
    (system / "ours.def").write_text('LIBRARY "ucrtbase.dll"\nEXPORTS\n' + "\n".join(lines) + "\n")
    # Without its mark Wine takes the copy for a library of Windows, and not its own in its place.
    (system / "wineucrt.dll").write_bytes(theirs.read_bytes().replace(b"Wine builtin DLL", b"Wine xxxxxxx DLL", 1))
    place = f"/{_SYSTEM}"
    (system / "ours.c").write_bytes(source.read_bytes())
    (system / "ucrtbase.dll").unlink(missing_ok=True)
    compiler = ["x86_64-w64-mingw32-gcc", "-O1", "-shared", "-static", "-static-libgcc"]
    emulation.run([*compiler, "-o", f"{place}/ucrtbase.dll", f"{place}/ours.c", f"{place}/ours.def"])

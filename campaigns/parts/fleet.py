"""Computers of several platforms on one Linux machine, each with the stock client of BOINC in a network of its own.

Those of Linux are as they are. For one of Windows a copy of Linux' client says that it is Windows' (one word in the
program is another); the laboratory gives it Windows' runner, which the kernel starts through Wine. That of arm64 is a
whole computer, made by qemu, with Debian's client for arm64. Root is needed, and nothing listens but on 127.0.0.1.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import arm_machine
from arm_machine import fetch_kernel
from boinc_client import BOINC, Client, Person, client, register
from build_runner.emulation import ROOTS, Emulation, find_emulation
from build_runner.helpers import have
from build_runner.plan import PLATFORMS, ROOT
from emulated_host import ARM, CLIENT, WINDOWS, windows_python
from patience import until

_LINUX = "x86_64-pc-linux-gnu"
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_RULE = "axiom-windows"
_STARTER = """#!/bin/sh
# What the kernel starts in place of a .cmd: Windows' command processor below Wine, with a client's part before it.
program=$(realpath --relative-to="$PWD" "$1" | tr / '\\\\\\\\'); shift
place=$PWD; cd /
exec {words}
"""


@dataclass(frozen=True, kw_only=True)
class Computer:
    """Which platform, and whose it is."""

    name: str
    platform: str
    owner: str


FOUR = (
    Computer(name="first", platform=_LINUX, owner="Ada"),
    Computer(name="second", platform=_LINUX, owner="Bob"),
    Computer(name="windows", platform=WINDOWS, owner="Ada"),
    Computer(name="arm", platform=ARM, owner="Bob"),
)


@contextlib.contextmanager
def fleet(address: str, folder: Path, computers: tuple[Computer, ...] = FOUR) -> Iterator[dict[str, Client]]:
    """Start these computers, each attached for its owner, who opens an account first."""
    owners: dict[str, Person] = {}
    port = int(address.rstrip("/").rpartition(":")[2])
    with contextlib.ExitStack() as stack:
        clients = {}
        for computer in computers:
            owner = owners.get(computer.owner) or register(address, computer.owner)
            owners[computer.owner] = owner
            place = folder / computer.name
            network = stack.enter_context(_network(computer.name, port, folder))
            before: list[str] = []
            program = BOINC
            if computer.platform == WINDOWS:
                program = str(_named_for_windows(folder))
                stack.enter_context(_started_by_wine(find_emulation(PLATFORMS[WINDOWS]), folder))
            elif computer.platform == ARM:
                kernel = fetch_kernel(find_emulation(PLATFORMS[ARM]), ROOTS / "arm64-kernel")
                before, program = [sys.executable, arm_machine.__file__, str(kernel), str(place), str(port)], "boinc"
            made = client(place, address, owner.key, cores=1, keep=True, within=network, before=before, program=program)
            clients[computer.name] = stack.enter_context(made)
        yield clients


def _named_for_windows(folder: Path) -> Path:
    """Linux' client with the name of Windows in the place of its platform's."""
    raw = Path(BOINC).read_bytes()
    ours, theirs = _LINUX.encode(), WINDOWS.encode()
    if raw.count(ours) != 1:
        raise ValueError(f"{BOINC} does not name its platform once, so no copy of it can be one for Windows.")
    program = folder / "boinc-of-windows"
    program.write_bytes(raw.replace(ours, theirs.ljust(len(ours), b"\0")))
    program.chmod(0o755)
    return program


@contextlib.contextmanager
def _started_by_wine(emulation: Emulation, folder: Path) -> Iterator[None]:
    """Let the kernel start every .cmd through Wine, as long as this lasts."""
    starter = folder / "start-by-wine"
    client = emulation.start(windows_python(emulation), "-I", "-X", "utf8", f"Z:{CLIENT}")
    words = [shlex.quote(word) for word in emulation.words(client, place=Path("/@"))]
    text = " ".join(words).replace("/host/@", '/host"$place"')
    starter.write_text(_STARTER.format(words=f'{text} "$program" "$@"'))
    starter.chmod(0o755)
    if not (_BINFMT / "status").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "none", str(_BINFMT)], check=True)
    (_BINFMT / "register").write_text(f":{_RULE}:E::cmd::{starter}:")
    try:
        yield
    finally:
        (_BINFMT / _RULE).write_text("-1")
        with contextlib.suppress(ValueError):
            emulation.run(["wineserver", "--kill=9"])


@contextlib.contextmanager
def _network(name: str, port: int, folder: Path) -> Iterator[list[str]]:
    """Make a network with nothing but 127.0.0.1, where the laboratory is under its own number; the words to enter it.

    What is said there comes through a file to a relay on this side, which says it to the laboratory.
    """
    space, line = f"axiom-{name}", folder / f"{name}.line"
    subprocess.run(["ip", "netns", "add", space], check=True)
    enter = ["ip", "netns", "exec", space]
    relays: list[subprocess.Popen[bytes]] = []
    try:
        subprocess.run([*enter, "ip", "link", "set", "lo", "up"], check=True)
        relay = have("socat", "socat")
        outside = [relay, f"UNIX-LISTEN:{line},fork,backlog=64", f"TCP:127.0.0.1:{port}"]
        inside = [relay, f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,backlog=64", f"UNIX-CONNECT:{line}"]
        relays += [subprocess.Popen(outside), subprocess.Popen([*enter, *inside])]
        until(line.exists)
        yield enter
    finally:
        for started in relays:
            started.kill()
            started.wait()
        subprocess.run(["ip", "netns", "delete", space], check=False)
        line.unlink(missing_ok=True)


def shelve_runners(shelf: Path) -> Path:
    """Lay the runners of this checkout for all of these platforms into a folder, built where they are not there yet."""
    shelf.mkdir(parents=True, exist_ok=True)
    for platform in (_LINUX, WINDOWS, ARM):
        words = ["--platform", platform, "--quick", "--if-missing", "--out", str(ROOT / "build" / "platforms")]
        subprocess.run([str(ROOT / "scripts" / "build-runner"), *words], check=True, stdout=sys.stderr)
        shutil.copytree(ROOT / "build" / "platforms" / platform, shelf / platform, copy_function=os.link)
    return shelf

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
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import arm_machine
from arm_machine import fetch_kernel
from boinc_client import BOINC, Client, Person, client, register
from build_runner.emulation import ROOTS, Emulation, find_emulation
from build_runner.helpers import have
from build_runner.plan import PLATFORMS
from emulated_host import ARM, LINUX, WINDOWS, build_runner_for, client_words
from patience import until
from running_lab import Lab, running, typed

_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_RULE = "axiom-windows"
_CALLS_EVERY = 12.0  # seconds
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


_FOUR = (
    Computer(name="first", platform=LINUX, owner="Ada"),
    Computer(name="second", platform=LINUX, owner="Bob"),
    Computer(name="windows", platform=WINDOWS, owner="Ada"),
    Computer(name="arm", platform=ARM, owner="Bob"),
)


@contextlib.contextmanager
def laboratory(folder: Path, experiment: str) -> Iterator[Lab]:
    """Start one that computes nothing itself; it offers this checkout's runners, and its experiment is tried."""
    data, shelf = folder / "lab", folder / "runners"
    for platform in (LINUX, WINDOWS, ARM):
        shutil.copytree(build_runner_for(platform), shelf / platform, copy_function=os.link)
    type_command("init", data)
    with (data / "axiom.toml").open("a", encoding="utf-8") as settings:
        settings.write("task_seconds = 0.5\n")
    with running(data, "--workers", "0", "--no-pi", "--runners", str(shelf)) as lab:
        for command in ("publish", "preflight"):
            type_command("experiment", command, experiment, data=data)
        yield lab


@contextlib.contextmanager
def fleet(lab: Lab, folder: Path) -> Iterator[list[Client]]:
    """Start the four computers, each attached for its owner, who opens an account first."""
    address = lab.address
    owners: dict[str, Person] = {}
    port = int(address.rstrip("/").rpartition(":")[2])
    with contextlib.ExitStack() as stack:
        clients = []
        for computer in _FOUR:
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
            clients.append(stack.enter_context(made))
        yield clients


def rounds(clients: Sequence[Client], longest: float) -> Iterator[float]:
    """Give the seconds that have passed, once a second, while the clients call again and again; no longer than this."""
    began = called = time.monotonic()
    while (seconds := time.monotonic() - began) < longest:
        if time.monotonic() - called > _CALLS_EVERY:
            called = time.monotonic()
            for client in clients:
                client.update()
        yield seconds
        time.sleep(1.0)


def _named_for_windows(folder: Path) -> Path:
    """Linux' client with the name of Windows in the place of its platform's."""
    raw = Path(BOINC).read_bytes()
    ours, theirs = LINUX.encode(), WINDOWS.encode()
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
    words = [shlex.quote(word) for word in emulation.words(client_words(emulation), place=Path("/@"))]
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


def type_command(*words: object, data: Path | None = None) -> None:
    """Type a command of the laboratory's; one that fails ends the campaign with what it said."""
    done = typed(*words, data=data)
    if done.returncode:
        raise SystemExit(f"axiom {' '.join(map(str, words))}: {done.stderr}{done.stdout}")

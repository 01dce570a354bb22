"""What boinc-client lays into the folder of a task, and what it looks for there. BOINC's own words end in this file."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from axiom.runner.platform.device import Device, read_device
from axiom.runner.platform.system import system
from axiom.signed.atomic_files import AS_UMASK, write_atomically

_CHANNELS = 8
_SIZE = 1024  # of each: a flag, then a text that ends with a zero
_LINK = re.compile(rb"\s*<soft_link>([^<\n]+)</soft_link>\s*")
_LINK_LIMIT = 4_096
_FOREIGN = re.compile(r"<(project_preferences|host_info)>.*?</\1>", re.DOTALL)  # other people's words, any tag in them
_SECONDS = r"[0-9.eE+-]{1,40}"
_NOTE_LIMIT = 250  # boinc-client reads lines of 256
_LOCK_SECONDS = 35.0  # how long an earlier process may take to notice that it should be gone


class Channel(IntEnum):
    CONTROL = 0
    HEARTBEAT = 4
    STATUS = 5
    TRICKLE_UP = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientSetup:
    """What boinc-client says about itself and the task. The account's key stands beside it and is not read."""

    host: int
    project: Path  # the folder that all tasks of this laboratory share on this host
    pid: int  # of boinc-client
    cpu_seconds: float  # what the task used before its last checkpoint, in earlier processes
    pause: float = 0.0  # seconds between two writes to the disk, at least, as the volunteer wishes
    shared: str = ""  # the name of the shared bytes, where they have one
    device: Device | None = None  # the GPU on which the task computes
    cores: int = 1  # on which it may compute, as the app version or the volunteer's app_config.xml says


def read_setup(slot: Path) -> ClientSetup:
    text = _FOREIGN.sub("", (slot / "init_data.xml").read_text(encoding="utf-8", errors="replace"))
    return ClientSetup(
        host=int(_leaf(text, "hostid", r"[0-9]{1,18}")),
        project=Path(_leaf(text, "project_dir", r"[^<]+")),
        pid=int(_leaf(text, "client_pid", r"[0-9]{1,9}")),
        cpu_seconds=float(_leaf(text, "wu_cpu_time", _SECONDS)),
        pause=float(_leaf(text, "checkpoint_period", _SECONDS, default="0")),
        shared=_leaf(text, "comm_obj_name", r"[\w.-]{1,100}", default=""),
        device=read_device(text),
        cores=max(1, int(float(_leaf(text, "ncpus", _SECONDS, default="1")))),
    )


def _leaf(text: str, name: str, pattern: str, default: str | None = None) -> str:
    match = re.search(rf"<{name}>\s*({pattern}?)\s*</{name}>", text)
    value = default if match is None else match[1]
    if value is None:
        raise ValueError(f"init_data.xml has no usable {name}")
    return value


class Channels:
    def __init__(self, slot: Path, name: str = "") -> None:
        self._shared = system.shared(slot, name, _CHANNELS * _SIZE)

    def take(self, channel: Channel) -> str:
        """Return the message that waits, and make room for the next; nothing when none waits."""
        start = channel * _SIZE
        if self._shared[start : start + 1] == b"\0":
            return ""
        text = self._shared[start + 1 : start + _SIZE].partition(b"\0")[0]
        self._shared[start : start + 1] = b"\0"
        return text.decode(errors="replace")

    def put(self, channel: Channel, text: str) -> bool:
        """Leave a message, unless the one before still waits: it must not change while it is read."""
        start = channel * _SIZE
        if self._shared[start : start + 1] != b"\0":
            return False
        body = text.encode()[: _SIZE - 2]
        self._shared[start + 1 : start + 2 + len(body)] = body + b"\0"
        self._shared[start : start + 1] = b"\1"  # last: only now is the message whole
        return True


def status_text(*, cpu_seconds: float, kept_cpu_seconds: float, fraction: float) -> str:
    return (
        f"<current_cpu_time>{cpu_seconds:e}</current_cpu_time>\n"
        f"<checkpoint_cpu_time>{kept_cpu_seconds:e}</checkpoint_cpu_time>\n"
        f"<fraction_done>{fraction:e}</fraction_done>\n"
    )


def resolve_link(slot: Path, name: str, project: Path) -> Path:
    """Return where a file of the task really lies: copied into its folder, or where the link there leads.

    A link that leads out of the laboratory's own folder is not followed.
    """
    path = slot / name
    try:
        with path.open("rb") as file:
            link = _LINK.fullmatch(file.read(_LINK_LIMIT))
    except FileNotFoundError:
        return path
    target = slot / os.fsdecode(link[1]) if link else path
    return target if target.resolve().is_relative_to(project.resolve()) else path


@contextmanager
def lock_slot(slot: Path, seconds: float = _LOCK_SECONDS) -> Iterator[bool]:
    with (slot / "boinc_lockfile").open("a") as file:
        until = time.monotonic() + seconds
        while not (is_ours := system.lock(file.fileno())) and time.monotonic() < until:
            time.sleep(0.2)
        yield is_ours


def write_finish_file(slot: Path, status: int, message: str) -> None:
    """Say that the task has ended for good. Without this file boinc-client starts it again."""
    _write(slot / "boinc_finish_called", f"{status:d}\n{_one_line(message)}")


def tell_progress(slot: Path, *, fraction: float, cpu_seconds: float) -> None:
    _write(
        slot / "trickle_up.xml",
        f"<variety>progress</variety>\n<fraction_done>{fraction:.4f}</fraction_done>\n"
        f"<cpu_seconds>{cpu_seconds:.1f}</cpu_seconds>\n",
    )


def write_temporary_exit(slot: Path, seconds: int, message: str) -> None:
    _write(slot / "boinc_temporary_exit", f"{seconds}\n{_one_line(message)}")


def _one_line(message: str) -> str:
    line = " ".join(message.split())[:_NOTE_LIMIT]
    return f"{line}\n" if line else ""


def _write(path: Path, text: str) -> None:
    write_atomically(path, text.encode(), mode=AS_UMASK)

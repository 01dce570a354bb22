"""Runs on the host before anything else of ours: unpacks the runtime once, verifies it, and becomes the runner.

Started by the launcher in the folder of a task, with an interpreter that knows just enough for this. It uses the
standard library alone, and of that only what `MODULES` names: the rest is not there yet.

    python3 -I boot.py place DRAFT BOOT                    # the first time: this interpreter's own folder
    python3 -I boot.py PROJECT RUNTIME SHA256 WORD...

PROJECT is the folder in which boinc-client keeps the laboratory's files, RUNTIME the name of the zip there, SHA256 its
digest. The words go to the runner. What is unpacked lies in PROJECT/axiom/runtime-<digest>; beside it stand the stamp,
by which any later change of a file is noticed, and a file that whoever uses the runtime holds a lock on. The runner's
own code is another file of PROJECT, to which boinc-client puts a link into the task's folder; its name has its digest.
"""

# `pathlib` would bring a dozen modules for which every task would wait.
# ruff: noqa: PTH101, PTH103, PTH104, PTH105, PTH107, PTH110, PTH112, PTH114, PTH115, PTH116, PTH118, PTH119, PTH120, PTH123, PTH208

from __future__ import annotations

import errno
import os
import stat
import sys
import time

TYPE_CHECKING = False  # the name that type checkers know; `typing` itself is not there
if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

_LOCKS = "msvcrt" if sys.platform == "win32" else "fcntl"
MODULES = (_LOCKS, "errno", "hashlib", "lzma", "os", "shutil", "stat", "sys", "threading", "time", "zipfile", "zlib")
NO_ROOM, RUNNER_DAMAGED, RUNNER_FAULT = 15, 17, 70  # of axiom.domain.work.Exit
CODE, CODE_NAMED = "axiom.pyz", "axiom_code_"  # of axiom.store.experiments.runner_offers
_RESET = "Reset the project, which fetches it again."
_LOCK_SECONDS, _LATER = 300.0, 600
_DAY = 86_400.0
_BLOCK = 1 << 20
_HEAD = 4_096  # of a launcher: its text up to the list of files
_PYTHON = ("python.exe",) if sys.platform == "win32" else ("bin", "python3")
_THREADS = 2


class GaveUp(Exception):
    """The task ends here, for the reason that the message says."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Later(Exception):
    """The task should be tried again; nothing is wrong with it."""


def main(words: list[str]) -> int:
    """Become the runner; an exit status when that cannot be."""
    if words[0] == "place":
        return placed(words[1], words[2])
    project, runtime, digest, *order = words
    try:
        code = code_in(project)
        python, lock = ready(project, runtime, digest)
        become(python, ["-I", "-B", code, *order], lock)
    except Later as reason:
        say("boinc_temporary_exit", _LATER, str(reason))
        return 0
    except GaveUp as fault:
        say("boinc_finish_called", fault.status, str(fault))
        return fault.status
    except OSError as fault:
        status, sentence = _of_system(fault), f"The runner cannot be unpacked in {project}: {fault.strerror}."
        if status == NO_ROOM:  # there may be room later; where not even this can be said, the status says it
            return 0 if say("boinc_temporary_exit", _LATER, f"{sentence} Make room on its disk.") else NO_ROOM
        say("boinc_finish_called", status, f"{sentence} Reset the project there, which fetches it again.")
        return status
    except Exception as fault:  # noqa: BLE001  the last line of defence: boinc-client decodes no traceback
        kind = type(fault).__name__
        say("boinc_finish_called", RUNNER_FAULT, f"The runner cannot be unpacked in {project} ({kind}: {fault}).")
    return RUNNER_FAULT


def _of_system(fault: OSError) -> int:
    """The exit status for what the host's system refuses."""
    return NO_ROOM if fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS) else RUNNER_DAMAGED


def placed(draft: str, boot: str) -> int:
    """Put this interpreter in its place; the launcher says what the exit status means."""
    try:
        place(draft, boot)
    except OSError as fault:
        return _of_system(fault)
    return 0


def place(draft: str, boot: str) -> None:
    """Put this interpreter's folder where all tasks look for it, unless another has put a whole one there meanwhile."""
    lock = hold(os.path.join(os.path.dirname(boot), "boot.lock"), shared=False, seconds=_LOCK_SECONDS)
    if not same(draft, boot):
        remove(boot)
        os.rename(draft, boot)
    if lock is not None:
        os.close(lock)


def same(draft: str, boot: str) -> bool:
    """Does one folder hold every file of another as it is there?"""
    for name, _ in walk(draft, ""):
        try:
            with open(os.path.join(draft, name), "rb") as ours, open(os.path.join(boot, name), "rb") as theirs:
                if ours.read() != theirs.read():
                    return False
        except FileNotFoundError:
            return False
    return True


def code_in(project: str) -> str:
    """Return the file of the runner's own code to which the link in the task's folder leads, once it is verified."""
    import hashlib

    try:
        if os.path.islink(CODE):  # which a laboratory may ask of boinc-client
            name = os.path.basename(os.readlink(CODE))
        else:
            with open(CODE, encoding="utf-8", errors="replace") as file:
                name = file.read(_HEAD).partition("<soft_link>")[2].partition("</soft_link>")[0].rpartition("/")[2]
        path = os.path.join(project, name)
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        raise GaveUp(RUNNER_DAMAGED, f"The runner's own code is missing in {project}. {_RESET}") from None
    if name != f"{CODE_NAMED}{digest[:16]}.pyz":
        raise GaveUp(
            RUNNER_DAMAGED, f"{path} is not the file that the laboratory made. Nothing of it was run. {_RESET}"
        )
    return path


def ready(project: str, runtime: str, digest: str) -> tuple[str, int]:
    """Return the interpreter of the whole, verified runtime, and a file held open so that nobody removes it."""
    home = os.path.join(project, "axiom")
    os.makedirs(home, mode=0o700, exist_ok=True)
    lock = hold(os.path.join(home, "runtimes.lock"), shared=False, seconds=_LOCK_SECONDS)
    if lock is None:
        raise Later("another task still unpacks the runner")
    tree = os.path.join(home, f"runtime-{digest[:16]}")
    if read(f"{tree}.stamp") != listing(tree):
        alone = hold(f"{tree}.held", shared=False, seconds=0.0)
        if alone is None:
            raise Later("a file of the runner was changed, and another task still computes with it")
        install(os.path.join(project, runtime), digest, tree)
        os.close(alone)
    use = hold(f"{tree}.held", shared=True, seconds=_LOCK_SECONDS)
    if use is None:
        raise Later("another task still removes an older runner")
    remove_unused(project, home, tree)
    os.close(lock)
    return os.path.join(tree, *_PYTHON), use


def become(python: str, words: list[str], lock: int) -> None:
    """Put the runner in this process's place; where a system cannot, start it and end as it does."""
    os.set_inheritable(lock, True)
    if sys.platform == "win32":
        quoted = [f'"{word}"' if " " in word else word for word in (python, *words)]  # there a command is one line
        sys.exit(os.spawnv(os.P_WAIT, python, quoted))  # noqa: S606  no shell is meant
    os.execv(python, [python, *words])  # noqa: S606  no shell is meant


def install(packed: str, digest: str, tree: str) -> None:
    """Put the whole runtime in its place, whatever was there; the stamp comes last."""
    verify(packed, digest)
    draft = f"{tree}.draft"
    for leftover in (f"{tree}.stamp", tree, draft):
        remove(leftover)
    try:
        unpack(packed, draft)
        os.rename(draft, tree)
        write(f"{tree}.stamp", listing(tree))
    except Exception:
        remove(draft)
        raise


def verify(packed: str, digest: str) -> None:
    """Compare the zip with the digest that the launcher carries."""
    import hashlib

    hasher = hashlib.sha256()
    try:
        with open(packed, "rb") as file:
            while block := file.read(_BLOCK):
                hasher.update(block)
    except FileNotFoundError:
        raise GaveUp(RUNNER_DAMAGED, f"{packed} is missing. {_RESET}") from None
    if hasher.hexdigest() != digest:
        raise GaveUp(
            RUNNER_DAMAGED,
            f"{packed} is not the file that the laboratory made: SHA-256 {hasher.hexdigest()[:16]}, not {digest[:16]}. "
            f"Nothing of it was run. {_RESET}",
        )


def unpack(packed: str, draft: str) -> None:
    """Write the files of the zip, each of them on the disk before this returns."""
    import shutil
    import threading
    import zipfile

    faults: list[Exception] = []
    with zipfile.ZipFile(packed) as archive:
        members = sorted(archive.infolist(), key=lambda member: -member.file_size)
        if sum(member.file_size for member in members) > shutil.disk_usage(os.path.dirname(draft)).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # before anything of the disk is taken
        for folder in sorted({os.path.dirname(member.filename) for member in members}):
            os.makedirs(os.path.join(draft, folder), mode=0o755, exist_ok=True)
        waiting = iter(members)  # shared: each takes the next
        threads = [threading.Thread(target=work, args=(archive, waiting, draft, faults)) for _ in range(_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if faults:
        raise faults[0]


def work(archive: zipfile.ZipFile, waiting: Iterator[zipfile.ZipInfo], draft: str, faults: list[Exception]) -> None:
    """Write file after file until none is left, or until something went wrong."""
    for member in waiting:
        try:
            extract(archive, member, draft)
        except Exception as fault:  # noqa: BLE001  raised again by whoever waits for this thread
            faults.append(fault)
        if faults:
            return


def extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, draft: str) -> None:
    """Write one file; its checksum is compared while it is read."""
    path = os.path.join(draft, *member.filename.split("/"))
    with archive.open(member) as source, open(path, "xb") as target:
        while block := source.read(_BLOCK):
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    os.chmod(path, stat.S_IMODE(member.external_attr >> 16))


def listing(tree: str) -> str:
    """Say of every file below a folder how long it is and when it was changed, which no change of it leaves alone."""
    return "".join(f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {path}\n" for path, info in walk(tree, ""))


def walk(folder: str, below: str) -> Iterator[tuple[str, os.stat_result]]:
    """Everything below a folder but the folders, by name."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path, f"{below}{entry.name}/")
        else:
            yield below + entry.name, entry.stat(follow_symlinks=False)


def remove_unused(project: str, home: str, tree: str) -> None:
    """Remove the other runtimes whose zip boinc-client has removed and that no process holds."""
    names = os.listdir(home)
    others = {name.split(".")[0] for name in names if name.startswith("runtime-")} - {os.path.basename(tree)}
    for stem in sorted(others):
        if os.path.exists(os.path.join(project, f"axiom_{stem.replace('-', '_')}.zip")):
            continue
        lock = hold(os.path.join(home, f"{stem}.held"), shared=False, seconds=0.0)
        if lock is not None:
            for part in (f"{stem}.stamp", stem, f"{stem}.draft", f"{stem}.held"):
                remove(os.path.join(home, part))
            os.close(lock)
    needed = heads(project)
    for name in names:
        path = os.path.join(home, name)
        if name.startswith(("boot-", ".boot.")) and name.encode() not in needed and age(path) > _DAY:
            remove(path)  # a launcher that needs it after all unpacks it again


def heads(project: str) -> bytes:
    """The beginnings of all launchers there, in which the folders of their interpreters are named."""
    parts = []
    for name in os.listdir(project):
        if name.startswith("axiom_runner_"):
            with open(os.path.join(project, name), "rb") as file:
                parts.append(file.read(_HEAD))
    return b"\n".join(parts)


def age(path: str) -> float:
    """How many seconds ago a folder was last changed; none where another process has just moved it."""
    try:
        return time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return 0.0


def hold(path: str, *, shared: bool, seconds: float) -> int | None:
    """Return a file with a lock on it that ends with the process; None when others hold it for so long."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + seconds
    while not take(handle, shared=shared):
        if time.monotonic() >= until:
            os.close(handle)
            return None
        time.sleep(0.05)
    return handle


def take(handle: int, *, shared: bool) -> bool:
    """Try to lock an open file."""
    try:
        lock(handle, shared=shared)
    except OSError as fault:
        if sys.platform == "win32" or fault.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False  # on Windows a lock that is held is all that can be amiss, and Wine does not say what is
        raise
    return True


def lock(handle: int, *, shared: bool) -> None:
    """Lock an open file; an OSError where others hold it."""
    if sys.platform == "win32":
        import msvcrt

        if not shared:  # a runtime in use needs no lock there: Windows removes no file that a process has open
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        return
    import fcntl

    fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def remove(path: str) -> None:
    """Remove a file or a folder, if it is there."""
    import shutil

    try:
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
    except FileNotFoundError:
        return


def read(path: str) -> str:
    """The text of a file, or no listing of any folder where there is none."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except FileNotFoundError:
        return "none"


def write(path: str, text: str) -> None:
    """Write a file that is whole or not there."""
    draft = f"{path}.new"
    with open(draft, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def say(file: str, number: int, message: str) -> bool:
    """Tell boinc-client in the folder of the task, if that can be, and whoever reads what the task printed."""
    line = " ".join(message.split())
    sys.stderr.write(line + "\n")
    try:
        with open(file, "w", encoding="utf-8", errors="replace") as target:
            target.write(f"{number}\n{line[:250]}\n")
    except OSError:
        return False  # where not even this can be written, the exit status says it
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The data folder: what lies where, and the lock that keeps it to one process.

The lock is the kernel's (flock): it ends with its process, however that ends. The lock file itself is never deleted,
since a process that still waits for it would then hold a lock on nothing. What the file says is a courtesy to people.
"""

import errno
import fcntl
import json
import os
import stat
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from axiom.errors import AxiomError, FolderInUse, FolderUnusable, Refused, StoreError
from axiom.signed.atomic_files import AS_UMASK, write_atomically

_README = """\
This is the data folder of an Axiom laboratory: its database, its files and its keys.
Do not edit or copy files here while Axiom works on it; `axiom backup` makes a copy that is whole.
`keys` holds secrets: who has them can sign in this laboratory's name.
`axiom.toml` holds the settings and may be edited by hand.
Delete the folder and the laboratory is gone.
"""
SERVER = "axiom lab"  # the purpose of whoever holds the folder as its server
_TRIES = 5  # asking who holds a lock takes it for an instant, so one refusal is not yet an answer
_PAUSE_SECONDS = 0.02


class _Inside:
    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, folder: "Folder", kind: type) -> Path:
        return folder.path / self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    path: Path

    database = _Inside("axiom.db")  # everything that is counted, ordered and concluded
    blobs = _Inside("blobs")  # files too large for the database, by digest
    backups = _Inside("backups")  # copies of the database, one from before each start that brought it up to date
    backed_up = _Inside("backed-up.json")  # when somebody last backed this laboratory up
    journal = _Inside("journal")  # every change since the last copies, unless the settings name another folder for it
    keys = _Inside("keys")  # that sign
    socket = _Inside("axiom.sock")  # where other processes of this host send their commands
    lock_file = _Inside("axiom.lock")  # held by the one process that works on this folder
    engine = _Inside("engine")  # where the local engine computes
    programs_socket = _Inside("programs.sock")  # the socket at which programs with tokens are answered
    logs = _Inside("logs")  # what the laboratory writes down of its own running
    settings = _Inside("axiom.toml")  # for an editor
    charter = _Inside(
        "charter.md"
    )  # what the operator wants to know, in a page of their own: language models read it first
    catalogue = _Inside(
        "catalogue"
    )  # the files of experiments that were published here and that Axiom does not bring along
    runners = _Inside("runners")  # what is offered to volunteers' computers
    runner_files = _Inside("runners/files")  # the runners' files, as volunteers' computers fetch them
    fetched_runners = _Inside(
        "runners/fetched"
    )  # the built runners that were fetched from a release, a folder for each
    offer = _Inside("runners/offer.json")  # which runners are offered; `store.experiments.runner_offers` writes it
    uploads = _Inside("uploads")  # outputs of which only a part has arrived
    foreign_uploads = _Inside("foreign-uploads")  # outputs of tasks of the server before
    undone = _Inside("undone")  # a laboratory whose move was taken back, until somebody deletes it
    statistics = _Inside("stats")  # the files for credit sites
    bundles = _Inside("bundles")  # the signed bundles, ready to be fetched
    unsealed = _Inside("unsealed")  # bundles whose seals were brought, for as long as it takes to publish them

    def exists(self) -> bool:
        """Is there a laboratory here, made to the end? An empty database is none; a damaged one is still somebody's."""
        if not self.database.is_file():
            return False
        from axiom.store.engine.database import connect_reader  # whoever is yet to make one waits for no database

        try:
            db = connect_reader(self.database)
            try:
                return "migration" in db.tables()
            finally:
                db.close()
        except AxiomError:
            return True

    def demand_open(self) -> None:
        """We may look into it, if there is anything there: a folder of another account is often closed to us."""
        if os.access not in os.supports_effective_ids:
            return  # Windows says it when the folder is read
        try:
            status = self.path.stat()
        except PermissionError:
            raise _no_access(self.path, None) from None
        except OSError:
            return  # it is yet to be made, or what is wrong with it is said by whoever makes it
        if not stat.S_ISDIR(status.st_mode):
            raise FolderUnusable(
                f"{self.path} is no folder, and a laboratory is one. Nothing was started; name a folder with --data or "
                "AXIOM_DATA."
            )
        if not os.access(self.path, os.R_OK | os.X_OK, effective_ids=True):
            raise _no_access(self.path, status.st_uid)

    def strangers(self) -> list[str]:
        """The names of what no laboratory put into the folder."""
        places = [place.name for place in vars(Folder).values() if isinstance(place, _Inside)]
        ours = {".gitignore", "README", "engines", "figures", *(name.partition("/")[0] for name in places)}
        names = [path.name for path in self.path.iterdir()] if self.path.is_dir() else []
        return sorted(name for name in names if name not in ours and not name.startswith(self.database.name))

    def demand_room(self) -> None:
        """A laboratory may be made here: we may look, and nothing lies here that no laboratory put there."""
        self.demand_open()
        if strangers := self.strangers():
            raise Refused(
                f"The folder {self.path} holds {', '.join(strangers[:3])}, which no laboratory put there. Nothing was "
                "changed; choose an empty folder or a new one."
            )

    def create(self) -> None:
        """The folder is there, closed to others, kept out of git, with a word for who finds it."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.lock_file.exists() or self.exists() or not any(self.path.iterdir()):
                self.path.chmod(0o700)  # ours, or empty: a folder with a stranger's files keeps its mode
            _write_if_missing(self.path / ".gitignore", "*\n")
            _write_if_missing(self.path / "README", _README)
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise _unusable(self.path, error) from error


class Lock:
    def __init__(self, descriptor: int, **facts: Any) -> None:
        self._descriptor = descriptor
        self._facts: dict[str, Any] = {}
        server = _lost_server(_facts(descriptor))
        if server is not None and facts.get("purpose") != SERVER:  # a command does not start it again
            facts["lost"] = server
        self.note(**facts)

    def note(self, **facts: Any) -> None:
        self._facts |= facts
        text = json.dumps(self._facts).encode()
        os.pwrite(self._descriptor, text, 0)
        os.ftruncate(self._descriptor, len(text))

    def release(self) -> None:
        """Let go; the file stays, empty unless a server was lost here before."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            if "lost" in self._facts:
                os.pwrite(self._descriptor, json.dumps(self._facts["lost"]).encode(), 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
            self.lose()
        self.release()

    def lose(self) -> None:
        """A server ends that nobody has stopped: this is remembered until it is started again."""
        if self._facts.get("purpose") == SERVER:
            self.note(lost=dict(self._facts))


def lock_folder(folder: Folder, purpose: str) -> Lock:
    demand_folder_owner(folder)
    try:
        descriptor = os.open(folder.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(folder.path, error) from error
    for _ in range(_TRIES):
        if _try_lock(descriptor, fcntl.LOCK_EX):
            try:
                folder_lock = Lock(descriptor, pid=os.getpid(), purpose=purpose)
                folder_lock.note(since=_last_change(descriptor))
            except OSError as error:
                os.close(descriptor)
                raise _unusable(folder.path, error) from error
            return folder_lock
        time.sleep(_PAUSE_SECONDS)
    facts = _facts(descriptor)
    os.close(descriptor)
    raise FolderInUse(_in_use(folder, facts))


def demand_folder_owner(folder: Folder) -> None:
    """Root may write everywhere; what it makes in the folder of another account is closed to that one from then on."""
    if os.geteuid() != 0:
        return
    import tempfile  # of use for root alone

    try:
        account = folder.database.stat().st_uid
        with tempfile.TemporaryFile(dir=folder.path) as made:  # some disks give all that is made to one account
            is_ours = os.fstat(made.fileno()).st_uid == account
    except OSError:
        return  # there is none yet, or what is wrong is said by whoever opens it
    if not is_ours:
        whose = _name_of(account)
        raise FolderUnusable(
            f"The data folder {folder.path} belongs to the account {whose}, to which everything would be closed that "
            f"root makes there. Nothing was started; type it in its name, `runuser -u {whose} -- axiom …`, or take all "
            f"of the folder over: `chown -R root {folder.path}`."
        )


def read_lock_holder(folder: Folder) -> dict[str, Any] | None:
    try:
        descriptor = os.open(folder.lock_file, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(folder.path, error) from error
    try:
        return None if _try_lock(descriptor, fcntl.LOCK_SH) else _facts(descriptor)
    finally:
        os.close(descriptor)


def find_lost_server(folder: Folder) -> dict[str, Any] | None:
    """What the server said of itself that nobody stopped and that is gone; None where there is no such one.

    Whoever lets go of a folder wipes out what it said of itself: what still stands there is of one that died.
    """
    try:
        descriptor = os.open(folder.lock_file, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(folder.path, error) from error
    try:
        return _lost_server(_facts(descriptor)) if _try_lock(descriptor, fcntl.LOCK_SH) else None
    finally:
        os.close(descriptor)


def _lost_server(facts: dict[str, Any]) -> dict[str, Any] | None:
    server = facts if facts.get("purpose") == SERVER else facts.get("lost")
    return server if isinstance(server, dict) else None


def _try_lock(descriptor: int, kind: int) -> bool:
    """Not `take_file_lock`: those who only ask who holds the folder share its lock, and read what its file says."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _last_change(descriptor: int) -> str:
    """When the disk says that the lock file was written: its clock is not ours to read here."""
    return datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC).isoformat(timespec="seconds")


def _facts(descriptor: int) -> dict[str, Any]:
    try:
        facts = json.loads(os.pread(descriptor, 65_536, 0))
    except ValueError:  # caught between two writes
        return {}
    return facts if isinstance(facts, dict) else {}


def _in_use(folder: Folder, facts: dict[str, Any]) -> str:
    who = f"process {facts['pid']}" if "pid" in facts else "another process"
    details = [
        *([f"for {facts['purpose']}"] if "purpose" in facts else []),
        *([f"since {facts['since']}"] if "since" in facts else []),
    ]
    holder, at = " ".join([who, *details]), f" at {facts['url']}" if "url" in facts else ""
    return (
        f"The data folder {folder.path} is held by {holder}, and two at once would damage it. "
        f"Nothing was started; use that one{at}, stop it, or choose another folder."
    )


def is_disk_full(error: OSError) -> bool:
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def _unusable(path: Path, error: OSError) -> FolderUnusable:
    cure = (
        "free some space on its disk and type it again."
        if is_disk_full(error)
        else "choose a folder on a local disk where you may write."
    )
    return FolderUnusable(f"The data folder {path} cannot be used: {error.strerror}. Nothing was started; {cure}")


def _no_access(path: Path, account: int | None) -> FolderUnusable:
    if account == os.geteuid():
        return FolderUnusable(
            f"The data folder {path} is yours, and its mode lets nobody read it. Nothing was started; `chmod u+rwx "
            f"{path}` opens it to you."
        )
    whose = "another account" if account is None else f"the account {_name_of(account)}"
    return FolderUnusable(
        f"The data folder {path} belongs to {whose} and is closed to yours. Nothing was started; type it from that "
        "account, or name another folder with --data or AXIOM_DATA."
    )


def _name_of(account: int) -> str:
    import pwd  # of use for this one sentence

    try:
        return pwd.getpwuid(account).pw_name
    except KeyError:
        return str(account)


def write_file_atomically(path: Path, body: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.is_file() and path.read_bytes() == body:
            return
        write_atomically(path, body, mode=AS_UMASK)
    except OSError as error:
        raise StoreError(
            f"The file {path} could not be written: {error.strerror}. Free some space and repeat."
        ) from error


def _write_if_missing(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text, encoding="utf-8")

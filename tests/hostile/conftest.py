"""A volunteer's computer in small, with things worth having, and bundles that want them."""

import hashlib
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from patience import PATIENCE

import axiom
from axiom.domain.experiments import seed_of
from axiom.runner.direct import describe_here
from axiom.runner.files.home import RunnerHome
from axiom.runner.files.unpacked_bundle import write_tree
from axiom.runner.tasks import Answer, Runner
from axiom.signed import bundles, outputs
from axiom.signed.bundles import Seal, write_seal
from axiom.signed.keys import Keys, make_keys
from axiom.signed.outputs import CellOutput
from axiom.signed.tickets import Order, Ticket, write_ticket
from axiom.signed.trust import write_trust

_SHARED = Path("/dev/shm")  # noqa: S108  looked at
NOW = datetime.now(UTC).replace(microsecond=0)
_EXPERIMENT = '''
import ctypes, fcntl, json, mmap, os, resource, shutil, signal, socket, subprocess, sys, threading, time
from dataclasses import dataclass
from pathlib import Path

from axiom.domain.experiments import Experiment, Needs

AT = {places!r}
LIBC = ctypes.CDLL(None, use_errno=True)


def native(answer):
    """Raise what a call of the system said."""
    if answer == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


@dataclass(frozen=True, kw_only=True)
class Config:
    act: str = "attack"


@dataclass(frozen=True, kw_only=True)
class Measures:
    value: float


{program}


def run(config, seed):
    if config.act == "attack":
        attack()
    return Measures(value=1.0)


experiment = Experiment(
    name="hostile", version=1, question="What can it reach?", run=run, measures=Measures, ranges={{}}, estimands=(),
    sweep=(Config(), Config(act="rest")), needs=Needs(seconds=lambda config: 1.0, memory_mb=200),
)
'''


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What came of a hostile program."""

    answer: Answer
    cell: CellOutput | None
    printed: str

    @property
    def story(self) -> str:
        """The end in one line: the exit, what the cell raised, and what the runner says of it."""
        error = self.cell.error if self.cell is not None else None
        outcome = self.cell.outcome.name if self.cell is not None else "no cell"
        return f"{self.answer.exit.name} {outcome} {error.kind if error else ''} {self.answer.message}"


class Host:
    """A computer of a volunteer: a person's files, a process of theirs, and the runner's home in BOINC's folder."""

    def __init__(
        self, path: Path, keys: Keys, files: dict[str, bytes], manifest: bytes, victim: int, port: int
    ) -> None:
        self.path = path
        self._keys = keys
        self._files = files
        self._manifest = manifest
        self.slot = path / "slots" / "0"
        self.home = RunnerHome(path / "projects" / "lab" / "axiom")
        self.places = {
            "slot": str(self.slot),
            "home": str(self.home.path),
            "person": str(path / "person"),
            "other": str(self.home.cache / ("0" * 64)),
            "socket": str(path / "person" / "socket"),
            "victim": victim,
            "port": port,
        }

    def bundle(self, program: str) -> dict[str, bytes]:
        """The files of a bundle with this program in it."""
        text = _EXPERIMENT.format(program=program, places=self.places)
        return self._files | {"axiom/catalogue/hostile.py": text.encode(), "manifest.json": self._manifest}

    def attack(self, body: str, *, seconds: float = PATIENCE) -> Ended:
        """Obey an order whose cell runs these lines."""
        return self.obey(_program(body), seconds=seconds)

    def obey(self, program: str, *, seconds: float = PATIENCE) -> Ended:
        """Let the real runner carry out an order for a signed bundle with this program."""
        archive = bundles.pack_files(self.bundle(program))
        digest = bundles.digest_bundle(archive)
        stem = self.home.path / "bundles" / digest
        stem.with_suffix(".zip").write_bytes(archive)
        facts = {"experiment": "hostile", "version": 1, "serial": 1, "digest": digest, "size": len(archive)}
        seal = write_seal(Seal(**facts, issued=NOW, expires=NOW + timedelta(days=90)), self._keys.bundle)
        stem.with_suffix(".seal").write_text(seal)
        ticket = self._ticket(digest, seconds)
        order = Order.of(ticket, write_ticket(ticket, self._keys.ticket))
        runner = Runner(self.home, 1)
        try:
            answer = runner.obey(order.argv(), self.slot / "task", now=NOW, report=lambda *_: None)
            child = runner._child
            return Ended(answer=answer, cell=self._cell(), printed=child.printed if child is not None else "")
        finally:
            runner.stop()

    def unheld(self, body: str) -> subprocess.CompletedProcess[str]:
        """Run the same lines with nothing that holds them."""
        tree = self.path / "unheld"
        write_tree(tree, self.bundle(_program(body)))
        (self.path / "scratch").mkdir(exist_ok=True)
        code = (
            f"import os, sys; sys.path.insert(0, {str(tree)!r}); sys.dont_write_bytecode = True\n"
            "import axiom.catalogue.hostile as found\nfound.run(found.Config(), 1)\nos._exit(0)"
        )
        return subprocess.run(
            [sys.executable, "-I", "-c", code],
            cwd=self.path / "scratch",
            env={"HOME": str(self.path / "scratch"), "TMPDIR": str(self.path / "scratch")},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def marks(self) -> dict[str, str]:
        """Everything outside the runner's own dealings, so that any change shows."""
        kept = [self.path / "person", self.home.cache / ("0" * 64), self.home.path / "trust.json"]
        kept += [self.slot / "init_data.xml", self.home.path / "unpacked"]
        found = [path for top in kept for path in (top, *sorted(top.rglob("*")))]
        found += sorted(_SHARED.glob("axiom*"))  # others use it, too: browsers, and tests beside this one
        return {str(path): f"{path.lstat().st_mode:o} {_digest(path)}" for path in found}

    def left(self) -> list[str]:
        """What is in the folder that the bundle could write into, besides compiled programs."""
        rooms = [room for room in self.home.cache.iterdir() if room.is_dir() and room.name != "0" * 64]
        return [path.name for room in rooms for path in room.iterdir()]

    def _cell(self) -> CellOutput | None:
        output = self.slot / "task" / "output.jsonl"
        lines = output.read_bytes().splitlines() if output.exists() else []
        return outputs.read_cell(lines[1]) if len(lines) > 1 else None

    def _ticket(self, digest: str, seconds: float) -> Ticket:
        return Ticket(
            lab=self._keys.trust.lab,
            trust=self._keys.trust.version,
            host=1,
            task=5,
            experiment="hostile",
            version=1,
            bundle=digest,
            serial=1,
            replicates=(1,),
            seeds=(seed_of("hostile", 1, 1),),
            configs=({"act": "attack"},),
            places=(0,),
            cell_seconds=(seconds,),
            memory_mb=200,
            issued=NOW,
            deadline=NOW + timedelta(hours=48),
            expires=NOW + timedelta(hours=72),
        )


def _program(body: str) -> str:
    return "def attack():\n" + textwrap.indent(body, "    ") + "\n"


def _digest(path: Path) -> str:
    if path.is_symlink():
        return str(path.readlink())
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("lab") / "keys", NOW)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    file = tmp_path_factory.mktemp("source") / "hostile.py"
    file.write_text(_EXPERIMENT.format(places={}, program="def attack():\n    pass\n"))
    return bundles.collect_sources(Path(axiom.__file__).parent, file)


@pytest.fixture(scope="session")
def manifest(files: dict[str, bytes]) -> bytes:
    return describe_here(files)


@pytest.fixture
def victim() -> Iterator[int]:
    """A process of the person's."""
    with subprocess.Popen(["/bin/sleep", "600"]) as process:
        yield process.pid
        process.kill()


@pytest.fixture
def port() -> Iterator[int]:
    """Something on this computer that listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def host(
    tmp_path: Path,
    keys: Keys,
    files: dict[str, bytes],
    manifest: bytes,
    victim: int,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Host]:
    made = Host(tmp_path, keys, files, manifest, victim, port)
    made.home.create()
    (made.home.path / "trust.json").write_bytes(write_trust(keys.trust, [keys.root]))
    made.slot.mkdir(parents=True)
    (made.slot / "init_data.xml").write_text("<authenticator>the account's key</authenticator>")
    (tmp_path / "person").mkdir()
    (tmp_path / "person" / "diary").write_text("private")
    (tmp_path / "person" / ".bashrc").write_text("")
    Path(made.places["other"]).mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # the name of a socket is short
        server.bind("person/socket")
        server.listen()
        yield made


def _accept(server: socket.socket) -> None:
    try:
        while True:
            server.accept()[0].close()
    except OSError:
        return

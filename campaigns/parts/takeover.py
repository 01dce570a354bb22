"""A laboratory whose server is taken over, and a host that works for it.

The root, bundle and code-signing keys are elsewhere. The thief has everything else: the ticket key, every trust file
and sealed bundle that was ever published, the database. What the host executes leaves a mark with the bundle's name.
"""

import functools
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import axiom
from axiom.domain.experiments import seed_of
from axiom.domain.work import Exit
from axiom.runner.boinc.delivered_files import SuppliedHome
from axiom.runner.direct import describe_here
from axiom.runner.tasks import Answer, Runner
from axiom.signed import bundles
from axiom.signed.bundles import Seal, write_seal
from axiom.signed.signing_key import SigningKey
from axiom.signed.tickets import Order, Ticket, write_ticket
from axiom.signed.trust import Role, Signers, Trust, lab_name, read_trust, write_trust

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
HOST = 7

SOURCE = '''"""Leaves a mark."""
import os
from dataclasses import dataclass
from pathlib import Path

from axiom.domain.experiments import Experiment, Needs
from axiom.kit import progress

(Path(os.environ["JAX_COMPILATION_CACHE_DIR"]) / "ran-{mark}").touch()


@dataclass(frozen=True, kw_only=True)
class Config:
    size: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    total: float


def run(config, seed):
    progress.early([1.0])
    return Measures(total=float(config.size))


experiment = Experiment(
    name="{name}",
    version={version},
    question="What is the sum?",
    run=run,
    measures=Measures,
    sweep=(Config(size=1),),
    ranges={{"size": (1, 9)}},
    estimands=(),
    needs=Needs(seconds=lambda config: 1.0, memory_mb=100),
)
'''


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A bundle as it is delivered."""

    archive: bytes
    seal: Seal
    text: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What a host is sent, and when. `is_new`: the host has never worked for this laboratory."""

    kind: str
    name: str
    files: Mapping[str, bytes]
    words: list[str]
    at: datetime
    is_new: bool = False
    harmless: bool = False  # the host goes on with what it has, and computes what is the laboratory's own


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it."""

    answer: Answer
    marks: frozenset[str]

    def problem(self, attempt: Attempt) -> str:
        """What went wrong for the volunteer; empty when nothing did."""
        allowed = {"genuine"} if attempt.harmless else set()
        if self.marks - allowed:
            return f"executed {', '.join(sorted(self.marks))}"
        wanted = (Exit.DONE,) if attempt.harmless else (Exit.BAD_TICKET, Exit.BAD_BUNDLE)
        if self.answer.exit not in wanted:
            return f"ended with {self.answer.exit!r}: {self.answer.message}"
        return ""


def keys(number: int) -> tuple[SigningKey, ...]:
    """So many new ones."""
    return tuple(SigningKey.make() for _ in range(number))


def signers(threshold: int, *some: SigningKey) -> Signers:
    """Of these so many have to sign."""
    return Signers(threshold=threshold, keys={key.id: key.public for key in some})


@functools.cache
def archive(name: str, version: int, mark: str) -> bytes:
    """A bundle that leaves this mark wherever it is imported."""
    package = Path(axiom.__file__).parent
    shared = [package / "__init__.py", *(package / "domain").glob("*.py"), *(package / "kit").glob("*.py")]
    files = {f"axiom/{path.relative_to(package).as_posix()}": path.read_bytes() for path in shared}
    files[bundles.experiment_path(name)] = SOURCE.format(name=name, version=version, mark=mark).encode()
    return bundles.pack_files(files | {bundles.MANIFEST: describe_here(files)})


@dataclass(kw_only=True)
class Scene:
    """The laboratory's history: four versions of its trust file, in which every key was replaced but two of the root.

    1: the beginning. 2: another ticket key, beside the old one. 3: another root key in the place of a lost one, and
    another bundle key in the place of a stolen one. 4: the old ticket key is gone.
    """

    now: datetime = NOW
    roots: tuple[SigningKey, ...] = field(default_factory=lambda: keys(4))  # the first three, then the last three
    sealers: tuple[SigningKey, ...] = field(default_factory=lambda: keys(2))  # the second follows the first
    tickets: tuple[SigningKey, ...] = field(default_factory=lambda: keys(2))  # likewise
    thief: tuple[SigningKey, ...] = field(default_factory=lambda: keys(3))
    chain: tuple[bytes, ...] = ()
    trust: Trust = field(init=False)
    sealed: dict[str, Sealed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first, last = self.roots[:3], self.roots[1:]
        steps = (
            (first, self.sealers[0], self.tickets[:1], self.roots[:2]),
            (first, self.sealers[0], self.tickets, self.roots[:2]),
            (last, self.sealers[1], self.tickets, self.roots[1:3]),
            (last, self.sealers[1], self.tickets[1:], self.roots[2:]),
        )
        raw, chain = b"", []
        for version, (roots, sealer, tickets, signing) in enumerate(steps, start=1):
            raw = write_trust(self.version_of(version, roots, (sealer,), tickets), signing, raw)
            chain.append(raw)
        self.chain = tuple(chain)
        self.trust = read_trust(raw, now=self.now)
        self._publish()

    def version_of(
        self,
        version: int,
        roots: tuple[SigningKey, ...],
        sealers: tuple[SigningKey, ...],
        tickets: tuple[SigningKey, ...],
        days: int = 365,
        threshold: int = 2,
    ) -> Trust:
        """What a version of the trust file says."""
        roles = {
            Role.ROOT: signers(min(threshold, len(roots)), *roots),
            Role.BUNDLE: signers(1, *sealers),
            Role.TICKET: signers(1, *tickets),
        }
        lab = lab_name(signers(2, *self.roots[:3]))
        return Trust(lab=lab, version=version, expires=self.now + timedelta(days=days), roles=roles)

    def _publish(self) -> None:
        genuine = archive("probe", 2, "genuine")
        self.sealed = {
            "genuine": self.seal(genuine, serial=3),
            "old": self.seal(archive("probe", 2, "old"), serial=2),
            "withdrawn": self.seal(archive("probe", 2, "withdrawn"), serial=4, key=self.sealers[0]),
            "expired": self.seal(genuine, serial=3, days=-1),
            "other": self.seal(archive("other", 1, "other"), name="other", version=1, serial=3),
            "evil": self.seal(archive("probe", 2, "evil"), serial=4, key=self.tickets[1]),
        }

    def seal(
        self,
        raw: bytes,
        *,
        name: str = "probe",
        version: int = 2,
        serial: int,
        days: int = 90,
        key: SigningKey | None = None,
    ) -> Sealed:
        """A bundle with its seal, by the laboratory's bundle key or by another."""
        made = Seal(
            experiment=name,
            version=version,
            serial=serial,
            digest=bundles.digest_bundle(raw),
            size=len(raw),
            issued=self.now - timedelta(days=10),
            expires=self.now + timedelta(days=days),
        )
        return Sealed(archive=raw, seal=made, text=write_seal(made, key or self.sealers[1]))

    def ticket(self, seal: Seal, **changes: object) -> Ticket:
        """An order of this bundle."""
        made = Ticket(
            lab=self.trust.lab,
            trust=self.trust.version,
            host=HOST,
            task=5,
            experiment=seal.experiment,
            version=seal.version,
            bundle=seal.digest,
            serial=seal.serial,
            replicates=(1,),
            seeds=(seed_of(seal.experiment, seal.version, 1),),
            configs=({"size": 1},),
            places=(0,),
            cell_seconds=(20.0,),
            memory_mb=200,
            issued=self.now,
            deadline=self.now + timedelta(hours=48),
            expires=self.now + timedelta(hours=72),
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def words(self, seal: Seal, key: SigningKey | None = None, **changes: object) -> list[str]:
        """The command line that orders this bundle, signed by whoever took the server over."""
        made = self.ticket(seal, **changes)
        return Order.of(made, write_ticket(made, key or self.tickets[1])).argv()

    def files(self, label: str, **changes: bytes) -> dict[str, bytes]:
        """What is delivered with a task of this bundle."""
        sealed = self.sealed[label]
        brought = {"trust.json": self.chain[-1], "bundle.zip": sealed.archive, "bundle.seal": sealed.text.encode()}
        return brought | {name.replace("_", "."): body for name, body in changes.items()}

    def genuine(self) -> Attempt:
        """A task that nobody tampered with."""
        seal = self.sealed["genuine"].seal
        return Attempt(
            kind="none",
            name="none",
            at=self.now,
            files=self.files("genuine"),
            words=self.words(seal),
            is_new=True,
            harmless=True,
        )


@contextmanager
def host(folder: Path, files: Mapping[str, bytes]) -> Iterator[Runner]:
    """A host's runner, with the files of one task beside it."""
    slot = folder / "slot"
    slot.mkdir(parents=True)
    for name, body in files.items():
        (slot / name).write_bytes(body)
    runner = Runner(SuppliedHome(folder / "home", lambda name: slot / name), HOST)
    try:
        yield runner
    finally:
        runner.stop()


def play(attempt: Attempt, folder: Path, earlier_home: Path | None = None) -> Outcome:
    """Give a host the attempt. `earlier_home` is the home of a host that has worked for the laboratory before."""
    if earlier_home is not None and not attempt.is_new:
        shutil.copytree(earlier_home, folder / "home")
    with host(folder, attempt.files) as runner:
        answer = runner.obey(attempt.words, folder / "slot" / "task", now=attempt.at, report=lambda *_: None)
    cache = folder / "home" / "cache"
    marks = (
        frozenset(path.name.removeprefix("ran-") for path in cache.rglob("ran-*")) if cache.exists() else frozenset()
    )
    return Outcome(answer=answer, marks=marks)


def known_home(scene: Scene, folder: Path) -> Path:
    """The home of a host that has computed one genuine task, without the marks."""
    outcome = play(scene.genuine(), folder)
    if problem := outcome.problem(scene.genuine()):
        raise RuntimeError(f"the genuine task {problem}")
    if outcome.marks != {"genuine"}:
        raise RuntimeError("the genuine task left no mark")
    for path in (folder / "home" / "cache").rglob("ran-*"):
        path.unlink()
    return folder / "home"

"""One small laboratory per test: keys, a bundle of an experiment that misbehaves on demand, and a runner's home."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from boinc_files import Client

import axiom
from axiom.domain.experiments import seed_of
from axiom.laboratory.runner.code_archive import pack_stand_in_runner
from axiom.runner.child.environment import child_environment
from axiom.runner.direct import describe_here
from axiom.runner.files.home import RunnerHome
from axiom.runner.files.unpacked_bundle import write_tree
from axiom.runner.tasks import Runner
from axiom.signed import bundles
from axiom.signed.bundles import Seal, write_seal
from axiom.signed.keys import Keys, make_keys
from axiom.signed.tickets import Order, Ticket, write_ticket
from axiom.signed.trust import write_trust

PROBE = '''
"""Does what its config says, to see what the runner makes of it."""
import json, math, os, signal, sys, time
from dataclasses import dataclass
from pathlib import Path

from axiom.domain import wrap
from axiom.domain.experiments import Experiment, Needs
from axiom.kit import progress

NOTES = Path(os.environ["JAX_COMPILATION_CACHE_DIR"])  # outlives the process, unlike its own folder
(NOTES / "imported").touch()


@dataclass(frozen=True, kw_only=True)
class Config:
    act: str
    amount: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Measures:
    value: float
    count: int | None = None
    curve: tuple[float, ...] = ()


def run(config, seed):
    with (NOTES / "computed").open("a") as file:
        file.write(f"{config.act} {config.amount} {seed} {os.getpid()}\\n")
    progress.early([1.5, 0.5, math.nan, 7.0])
    return globals()[config.act](config, seed)


def ok(config, seed):
    return Measures(value=seed / 2**63 + config.amount, count=3, curve=(1.0, 2))


# How a cell ends.
def refuse(config, seed): raise KeyError("secret words")
def break_lines(config, seed): raise type("Two\\nLines", (Exception,), {})
def leave(config, seed): sys.exit("bye")
def vanish(config, seed): os._exit(7)
def crash(config, seed): os.kill(os.getpid(), signal.SIGSEGV)
def stray(config, seed): os.kill(os.getpid(), 40)
def diverge(config, seed): return Measures(value=math.nan, count=1, curve=(math.inf,))
def mistype(config, seed): return Measures(value="half")
def nothing(config, seed): return None
def forget(config, seed): return Measures(count=1)
def misname(config, seed): return wrap._checked("it", {"count": 1, "curve": ()}, Measures.__annotations__)


def mumble(config, seed):
    class Speechless(Exception):
        def __str__(self):
            raise ValueError("no words")

    raise Speechless


def deafen(config, seed):
    sys.stderr.close()
    raise KeyError("nobody hears")


def spin(config, seed):
    while True:
        pass


def sleep(config, seed):
    time.sleep(config.amount)
    return ok(config, seed)


def wait(config, seed):
    """Until the test lets it go on."""
    while not (NOTES / "go").exists():
        time.sleep(0.005)
    return ok(config, seed)


def steps(config, seed):
    for step in range(12):
        time.sleep(config.amount / 12)
        progress.block(step / 12)
    return ok(config, seed)


def arrive(config, seed):
    """At its goal, after a part of its steps; what it would have waited for after that never came."""
    for step in range(12):
        progress.block(step / 12)
        if step == 3:
            return Measures(value=step / 1.0)


# Twenty blocks, or eighty, which are over sooner on a busy computer; each one is in the sum. Of the last two functions,
# one is killed in the first process that comes to the tenth block, as if for want of memory, and the other in the
# third, whoever computes it.
def loop(config, seed): return looped(config, seed, 20, None)
def slow(config, seed): return looped(config, seed, 80, None)
def fragile(config, seed): return looped(config, seed, 20, 10)
def doomed(config, seed): return looped(config, seed, 20, 3)


def looped(config, seed, count, fatal):
    def step(state, number):
        with (NOTES / "blocks").open("a") as file:
            file.write(f"{number}\\n")
        began = time.process_time()
        while time.process_time() < began + config.amount / count:
            pass
        if number == fatal and (config.act == "doomed" or not (NOTES / "died").exists()):
            (NOTES / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"sum": state["sum"] * 1.1 + number / 3, "seen": (*state["seen"], float(number))}

    end = progress.blocks({"sum": seed / 2**63, "seen": ()}, step, count)
    return Measures(value=end["sum"], count=len(end["seen"]), curve=end["seen"])


def hog(config, seed):
    held = [bytearray(2**24) for _ in range(64)]
    time.sleep(5)
    return Measures(value=len(held))


def chatter(config, seed):
    os.write(1, b'{"answer":{}}\\n' * 20_000)
    print("to standard output", flush=True)
    print("to standard error", file=sys.stderr, flush=True)
    assert sys.stdin.read() == ""
    return ok(config, seed)


def arrays(config, seed):
    import numpy

    return Measures(value=numpy.float32(0.5), count=numpy.int64(4), curve=numpy.array([1.0, 2.0], dtype=numpy.float32))


def dice(config, seed):
    import numpy

    return Measures(value=float(numpy.random.rand()))


def learn(config, seed):
    """A training as the catalogue has them: so many thousand steps of a small network."""
    import jax
    import jax.numpy as jnp

    keys = jax.random.split(jax.random.key(1), 3)
    x, y = jax.random.normal(keys[0], (64, 20)), jax.random.normal(keys[1], (64,))
    first = {"in": jax.random.normal(keys[2], (20, 64)) / 20**0.5, "out": jnp.ones(64) / 64}
    loss = lambda w: jnp.mean((jnp.tanh(x @ w["in"]) @ w["out"] - y) ** 2)

    @jax.jit
    def train(weights):
        step = lambda w, _: (jax.tree.map(lambda v, g: v - 0.05 * g, w, jax.grad(loss)(w)), None)
        return jax.lax.scan(step, weights, None, length=1_000)[0]

    for _ in range(int(config.amount)):
        first = train(first)
    return Measures(value=float(loss(first)))


def meddle(config, seed):
    """Write past the protocol, into every pipe that is open."""
    words = (NOTES / "words").read_bytes()
    for number in range(3, 16):
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith("pipe:"):
                rest = words
                while rest:
                    rest = rest[os.write(number, rest) :]
        except OSError:
            continue
    time.sleep(60)


def hang_up(config, seed):
    os.closerange(3, 16)
    time.sleep(60)


def look(config, seed):
    (NOTES / "environ").write_text(json.dumps(dict(os.environ)))
    (NOTES / "modules").write_text(json.dumps(sys.modules["axiom"].__path__ + sys.path))
    return ok(config, seed)


experiment = Experiment(
    name="probe_cells",
    version=1,
    question="What does the runner make of it?",
    run=run,
    measures=Measures,
    sweep=(Config(act="ok"), Config(act="refuse")),
    ranges={},
    estimands=(),
    needs=Needs(seconds=lambda config: 1.0, memory_mb=200),
)
'''
TASK = 13_777  # its cells are drawn in the order of the ticket, so that a test can say which comes first
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, kw_only=True)
class Lab:
    """What tests order from."""

    keys: Keys
    home: RunnerHome
    files: dict[str, bytes]
    archive: bytes

    @property
    def digest(self) -> str:
        return bundles.digest_bundle(self.archive)

    def with_bundle(self, archive: bytes) -> "Lab":
        """The same with another bundle in its home."""
        changed = replace(self, archive=archive)
        changed.place(archive, write_seal(changed.seal(), self.keys.bundle))
        return changed

    def seal(self, **changes: object) -> Seal:
        sealed = Seal(
            experiment="probe_cells",
            version=1,
            serial=3,
            digest=self.digest,
            size=len(self.archive),
            issued=NOW,
            expires=NOW + timedelta(days=90),
        )
        return replace(sealed, **changes)  # type: ignore[arg-type]

    def place(self, archive: bytes, seal: str) -> None:
        stem = self.home.path / "bundles" / self.digest
        stem.with_suffix(".zip").write_bytes(archive)
        stem.with_suffix(".seal").write_text(seal)

    def ticket(self, *configs: dict[str, object], **changes: object) -> Ticket:
        points = configs or ({"act": "ok", "amount": 0.0},)
        ticket = Ticket(
            lab=self.keys.trust.lab,
            trust=self.keys.trust.version,
            host=1,
            task=TASK,
            experiment="probe_cells",
            version=1,
            bundle=self.digest,
            serial=3,
            replicates=(1, 2),
            seeds=(seed_of("probe_cells", 1, 1), seed_of("probe_cells", 1, 2)),
            configs=points,
            places=tuple(range(len(points))),
            cell_seconds=(20.0,) * len(points),
            memory_mb=200,
            issued=NOW,
            deadline=NOW + timedelta(hours=48),
            expires=NOW + timedelta(hours=72),
        )
        return replace(ticket, **changes)  # type: ignore[arg-type]

    def order(self, *configs: dict[str, object], **changes: object) -> Order:
        ticket = self.ticket(*configs, **changes)
        return Order.of(ticket, write_ticket(ticket, self.keys.ticket))

    @property
    def room(self) -> Path:
        """The folder into which the bundle writes."""
        return self.home.cache / self.digest

    @property
    def computed(self) -> list[str]:
        path = self.room / "computed"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def blocks(self) -> list[int]:
        """The numbers of the blocks that were computed, in every process."""
        path = self.room / "blocks"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    @property
    def nothing_was_imported(self) -> bool:
        return not (self.room / "imported").exists()


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("lab") / "keys", NOW)


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("other") / "keys", NOW)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    file = tmp_path_factory.mktemp("source") / "probe_cells.py"
    file.write_text(PROBE)
    return bundles.collect_sources(Path(axiom.__file__).parent, file)


@pytest.fixture(scope="module")
def surroundings(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The files in a tree, and the environment in which they are computed."""
    folder = tmp_path_factory.mktemp("tree")
    write_tree(folder / "tree", files)
    (folder / "cache").mkdir()
    return folder / "tree", child_environment(folder / "cache")


@pytest.fixture(scope="session")
def archive(files: dict[str, bytes]) -> bytes:
    return bundles.pack_files(files | {"manifest.json": describe_here(files)})


@pytest.fixture
def lab(tmp_path: Path, keys: Keys, files: dict[str, bytes], archive: bytes) -> Lab:
    home = RunnerHome(tmp_path / "home")
    home.create()
    (home.path / "trust.json").write_bytes(write_trust(keys.trust, [keys.root]))
    return Lab(keys=keys, home=home, files=files, archive=archive).with_bundle(archive)


@pytest.fixture(scope="session")
def archive_with_jax(files: dict[str, bytes]) -> bytes:
    """The bundle of an experiment that imports JAX."""
    name = "axiom/catalogue/probe_cells.py"
    changed = files | {name: files[name].replace(b"import json,", b"import jax, json,")}
    return bundles.pack_files(changed | {"manifest.json": describe_here(changed)})


@pytest.fixture
def lab_with_jax(lab: Lab, archive_with_jax: bytes) -> Lab:
    return lab.with_bundle(archive_with_jax)


@pytest.fixture
def runner(lab):
    runner = Runner(lab.home, 1)
    yield runner
    runner.stop()


@pytest.fixture
def obey(runner, lab, tmp_path):
    """Obey an order, or any words, in a runner that stays."""

    def obey(order=None, slot="slot", *, at=NOW, report=lambda *_: None):
        order = lab.order() if order is None else order
        words = order.argv() if isinstance(order, Order) else order
        return runner.obey(words, tmp_path / slot, now=at, report=report)

    return obey


@pytest.fixture
def obey_anew(tmp_path):
    """Obey an order in a runner of its own, as a process that was started again would."""

    def obey(lab, order, slot="slot", *, report=lambda *_: None, **options):
        runner = Runner(lab.home, 1, **options)
        try:
            return runner.obey(order.argv(), tmp_path / slot, now=NOW, report=report)
        finally:
            runner.stop()

    return obey


@pytest.fixture
def ending() -> Iterator[Callable[[int], None]]:
    """Take the numbers of processes that must be gone after the test, whatever came of it."""
    started: list[int] = []
    yield started.append
    for pid in started:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@pytest.fixture(scope="session")
def pyz():
    return pack_stand_in_runner(Path(sys.executable))


@pytest.fixture
def client(lab, pyz, ending, tmp_path):
    return Client(lab, tmp_path / "data", pyz, ending)

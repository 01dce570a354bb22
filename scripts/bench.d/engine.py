"""What a cell costs beyond itself: the local engine with its runner, child, tickets and store, against a bare loop.

Both arms compute the same cells of the same experiment on one core, in turn, in three rounds. CPU is counted for every
process that takes part (writer, engine, runner, child), so nothing can hide in another one. The start of a child, with
NumPy and with JAX, is reported beside it.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import axiom
from axiom import shipped
from axiom.domain.fleet import Capacity
from axiom.domain.sessions import Allotment
from axiom.engines.local_engine import LocalEngine
from axiom.lab.experiments.publish import prepare, publish
from axiom.lab.planning.deploy import deploy
from axiom.runner.child.environment import environment
from axiom.runner.child.process import Child
from axiom.runner.files.unpacked_bundle import write_tree
from axiom.runner.platform.host import platform_here
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.orders import Dispatch
from axiom.server.pilots.local_source import LocalWorkSource
from axiom.server.pilots.pilot_server import PilotServer
from axiom.server.returns.validator import Validator
from axiom.signed import bundles
from axiom.signed.keys import Keys, make_keys
from axiom.store.accounts import accounts
from axiom.store.engine import counters
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts
from axiom.store.migrate import migrate
from axiom.store.writer import Writer

MOST_MS = 5.0  # CPU per cell beyond the cell
CELLS = 8  # of one replicate
NAME = "bench_cell"
FILE = f'''
"""A cell of some ten milliseconds, for measuring what is around it."""
from dataclasses import dataclass
import numpy as np
from axiom.domain.experiments import Experiment, Needs, grid
from axiom.kit import chance

@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""
    part: int

@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured."""
    mean: float

def run(config: Config, seed: int) -> Measures:
    """A mean of many squares."""
    rng = chance.stream(seed, f"part {{config.part}}")
    return Measures(mean=float(np.mean([np.square(rng.standard_normal(20_000)).mean() for _ in range(40)])))

experiment = Experiment(name="{NAME}", version=1, question="What does a cell cost?", run=run, measures=Measures,
    sweep=grid(Config, part=list(range({CELLS}))), ranges={{}}, estimands=(),
    needs=Needs(seconds=lambda config: 0.01, memory_mb=200))
'''
BARE = f"""
import importlib, sys, time
sys.path.insert(0, sys.argv[1])
found = importlib.import_module("axiom_catalogue.{NAME}").experiment
seeds = [int(seed) for seed in sys.argv[2].split(",")]
found.run(found.sweep[0], seeds[0])
began = time.process_time()
for seed in seeds:
    for config in found.sweep:
        found.run(config, seed)
print(time.process_time() - began)
"""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A laboratory without a site, and the experiment's files."""

    folder: Folder
    writer: Writer
    source: LocalWorkSource
    keys: Keys
    tree: Path
    experiment_id: int


def main() -> int:
    """0 when a cell costs at most five milliseconds of CPU beyond itself."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--replicates", type=int, default=32)
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-bench-") as name, laboratory(Path(name)) as bench:
        bare, engine = [], []
        with computing(bench) as compute:
            compute(2)  # the child is warm from here on
            for _ in range(wanted.rounds):
                bare.append(bare_loop(bench, wanted.replicates) / (wanted.replicates * CELLS))
                engine.append(compute(wanted.replicates) / (wanted.replicates * CELLS))
        starts = child_starts(Path(name))
    beyond = [1000 * (with_engine - alone) for with_engine, alone in zip(engine, bare, strict=True)]
    print(f"load                               {os.getloadavg()[0]:.2f}")
    print(f"a cell in a bare loop, CPU         {_ms(bare)}")
    print(f"a cell through the engine, CPU     {_ms(engine)}")
    print(f"beyond the cell, CPU               {statistics.median(beyond):.2f} ms (at most {MOST_MS})")
    print(f"ratio                              {statistics.median(engine) / statistics.median(bare):.2f}")
    for what, seconds in starts.items():
        print(f"{what.ljust(34)} {seconds:.2f} s")
    if wanted.json:
        wanted.json.write_text(json.dumps({"bare": bare, "engine": engine, "starts": starts}))
    return int(statistics.median(beyond) > MOST_MS)


@contextmanager
def laboratory(place: Path, cores: int = 1) -> Iterator[Bench]:
    """The parts that a cell passes through, on the real store."""
    package = place / "source" / "axiom"
    for part in ("domain", "kit"):
        shutil.copytree(Path(axiom.__file__).parent / part, package / part)
    (package / "catalogue").mkdir()
    for file in ("__init__.py", "catalogue/__init__.py"):
        (package / file).write_text('"""For a benchmark."""\n')
    experiment = package / "catalogue" / f"{NAME}.py"
    experiment.write_text(FILE)
    folder = Folder(path=place / "lab")
    folder.create()
    keys = make_keys(folder.keys, now())
    db = connect_writer(folder.database)
    migrate(db, folder, now())
    db.close()
    writer = Writer(lambda: connect_writer(folder.database))
    writer.start()
    prepared = prepare(package, experiment)
    good_for = timedelta(days=1)
    published = writer.run(lambda db: publish(db, folder, prepared, keys=keys, good_for=good_for, now=now()))
    ourselves = writer.run(lambda db: accounts.ourselves(db, now()))
    host_id = writer.run(
        lambda db: hosts.meet(
            db,
            volunteer_id=ourselves,
            name="bench",
            platform=platform_here(),
            capacity=Capacity(cores=cores, memory_mb=4_000),
            now=now(),
        )
    )
    if published.experiment_id is None:
        sys.exit("the experiment was not sealed, so nothing was measured")
    hour, trust = timedelta(hours=1), keys.trust
    dispatch = Dispatch(
        lab=trust.lab, trust=trust.version, key=keys.ticket, deadline=hour, grace=hour, ourselves=ourselves
    )
    pilots = PilotServer(folder=folder, dispatch=dispatch, cache=DispatchCache(), lease=hour, now=now)
    source = LocalWorkSource(writer=writer, pilots=pilots, host_id=host_id)
    try:
        yield Bench(
            folder=folder,
            writer=writer,
            source=source,
            keys=keys,
            tree=package.parent,
            experiment_id=published.experiment_id,
        )
    finally:
        writer.stop()


@contextmanager
def computing(bench: Bench) -> Iterator[Callable[[int], float]]:
    """Start the engine; what is given computes so many replicates as one task and returns the CPU of all processes."""
    reported = threading.Event()
    engine = LocalEngine(
        bench.source, home=bench.folder.engine, host_id=bench.source.host_id, cores=1, reported=reported.set
    )
    engine.start((bench.folder.keys / "trust.json").read_bytes())

    def compute(replicates: int) -> float:
        before, had = cpu_of_all(), results(bench)
        allotment = Allotment(
            experiment_id=bench.experiment_id, workunits=1, replicates_each=replicates, reason="bench"
        )
        bench.writer.run(lambda db: deploy(db, allotment, max_failures=1, now=now()))
        reported.wait()
        reported.clear()
        bench.writer.run(lambda db: Validator(bench.folder, b"a bench").judge(db, now()))
        spent = cpu_of_all() - before
        if results(bench) != had + replicates * CELLS:
            raise SystemExit("the engine did not bring what was ordered")
        return spent

    try:
        yield compute
    finally:
        engine.stop()


def bare_loop(bench: Bench, replicates: int) -> float:
    """CPU of the same cells in a plain loop of a process of their own, its start not counted."""
    seeds = ",".join(str(seed) for seed in range(replicates))
    done = subprocess.run(
        [sys.executable, "-c", BARE, str(bench.tree), seeds],
        capture_output=True,
        text=True,
        check=True,
        env=environment(bench.folder.path),
    )
    return float(done.stdout)


def child_starts(place: Path) -> dict[str, float]:
    """Wall seconds from nothing to the first cell of the two shipped experiments."""
    package = Path(axiom.__file__).parent
    cache = place / "cache"
    cache.mkdir()
    times = {}
    for what, name, values in (
        ("child's start, NumPy", "test_deploy", {"dimension": 2, "points": 1_000}),
        ("child's start, JAX, nothing cached", "lazy_vs_feature_learning", {"width": 8, "lr": 0.05, "epochs": 1}),
        ("child's start, JAX, from its cache", "lazy_vs_feature_learning", {"width": 8, "lr": 0.05, "epochs": 1}),
    ):
        tree = place / "trees" / what.replace(" ", "-").replace("'", "")
        tree.mkdir(parents=True)
        write_tree(tree, bundles.collect(package, shipped.catalogue() / f"{name}.py"))
        began = time.monotonic()
        child = Child.start(tree, f"axiom.catalogue.{name}", environment(cache))
        try:
            child.compute(values, 1, cpu_limit=60, wall_limit=120, memory_mb=1_000, on_progress=lambda _share: None)
            times[what] = time.monotonic() - began
        finally:
            child.stop()
    return times


def results(bench: Bench) -> int:
    """How many results are stored."""
    counted = bench.writer.run(counters.read)
    return sum(amount for (noun, _, _), amount in counted.items() if noun == "result")


def cpu_of_all() -> float:
    """CPU seconds of this process and of every living one below it."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = time.process_time()
    for pid in below(os.getpid()):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def below(pid: int) -> list[int]:
    """Every process below this one."""
    children = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            children += [int(child), *below(int(child))]
    return children


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def _ms(seconds: list[float]) -> str:
    return f"{1000 * statistics.median(seconds):.2f} ms ({', '.join(f'{1000 * duration:.2f}' for duration in seconds)})"


if __name__ == "__main__":
    sys.exit(main())

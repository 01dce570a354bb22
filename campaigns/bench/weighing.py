"""What weighing costs: a card for 400 seeds, one more block where a million results are stored, and a long table.

Arms, in the same interleaved rounds, in one process:
weigh    evidence from 400 observations of 12 hosts and 4 designs, some of them missing
card     the same with all parts of the data beside it
page     read from the store, made into a card, written as the site's JSON
idle     a session asks what closed, and nothing has come back
block    16 more replicates of one version are back: read, weighed, compared with all claims, stored
table    `axiom weigh` of a table of a million rows, once, in a process of its own
loop     20 million steps that count, before the table and after it

Ends with 0 only if in the median round a page takes at most 40 ms of a reference core, and one more block at most 20 ms
(CPU over how much slower than that core this computer is in the same round, since other work beside slows it down); and
the table at most 16 times the CPU of a loop of 20 million steps, before it and after it, and 450 MB, with progress at a
terminal. Pages and blocks are made once for each block
that closes, and a block is some minutes of a fleet's work.
"""

import argparse
import contextlib
import gc
import json
import os
import pty
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from axiom.domain.declaration import Measure, ValueType
from axiom.domain.fleet import Capacity, Platform
from axiom.laboratory.experiments.reference_core import measure_slowness
from axiom.laboratory.rounds.steps.weigh_findings import evaluate_findings
from axiom.reads import evidence_cards
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.manifests import Manifest
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database, connect_writer, to_microseconds
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.hosts import hosts
from axiom.store.migrate import migrate_database
from axiom.store.registrations import registrations
from axiom.store.rounds import rounds as sessions
from axiom_weigh.evidence.weigh_claim import make_finding_card, weigh_observations
from axiom_weigh.values import Agreements, Home, Observation, Surroundings

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
CARD_MS, BLOCK_MS = 40.0, 20.0
ROWS, STEPS, TABLE_LOOPS, TABLE_MB = 1_000_000, 20_000_000, 16.0, 450.0
SEEDS, BLOCK, CONFIGS, HOSTS = 400, 16, 20, 12
ASKED = {
    "name": "grows",
    "claim": "a larger size has a larger total",
    "kind": "contrast",
    "measure": "total",
    "across": "",
    "between": [{"size": 1}, {"size": 0}],
    "bounds": None,
    "null": 0.0,
    "smallest": 0.2,
    "expects": "+",
    "prediction": {"positive": 0.8, "negative": 0.1, "absent": 0.1, "interval": [0, 1], "because": "a benchmark"},
}
BESIDE = Surroundings(agreements=(Agreements(platforms=("linux", "windows"), exact=20),), false_share=0.01)
HOMES = {
    host: Home(host_id=host, volunteer_id=1 + host % 4, platform=("linux", "windows")[host % 2])
    for host in range(1, HOSTS + 1)
}
_TASKS = """
INSERT INTO workunit (id, experiment_id, registration_id, replicates, configs, state, quorum, max_failures, created_at,
    closed_at)
VALUES (:id, :experiment_id, :experiment_id, :replicates, '[]', 'done', 1, 3, 0, 0)
"""
_TASK = """
INSERT INTO task (id, workunit_id, experiment_id, ordinal, state, host_id, created_at)
VALUES (:id, :id, :experiment_id, 0, 'valid', :host_id, 0)
"""
_REPLICATE = "INSERT INTO replicate (experiment_id, number, registration_id, seed) VALUES (:e, :number, :e, :number)"
_RESULT = """
INSERT INTO result (task_id, experiment_id, replicate, config, seed, outcome, measures, early, cpu_seconds, created_at)
VALUES (:task_id, :experiment_id, :replicate, :config, :replicate, 'ok', :measures, :early, 1.0, :now)
"""


def observed() -> list[Observation]:
    """What a finding of 400 seeds is weighed from."""
    values = (np.random.default_rng(1).normal(size=SEEDS) + 0.4).tolist()
    return [
        Observation(
            replicate=number,
            value=None if number % 40 == 7 else value,
            hosts=(1 + number % HOSTS,),
            design=f"design {number // BLOCK % 4}",
            fingerprint=f"14.0:{number:032x}",
        )
        for number, value in enumerate(values)
    ]


def furnish(db: Database, versions: int) -> None:
    """Store so many versions, each with 400 replicates of 20 cells, weighed; hosts and claims as in a laboratory."""
    with db.transaction():
        volunteer = accounts.find_laboratory_account(db, NOW)
        for number in range(HOSTS):
            hosts.upsert_host(
                db,
                volunteer_id=volunteer,
                name=f"host {number}",
                platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
                capacity=Capacity(cores=8, memory_mb=16_000),
                now=NOW,
            )
        for number in range(versions):
            register(db, f"bench_{number}")
    for experiment_id in range(1, versions + 1):
        with db.transaction():
            compute(db, experiment_id, 0, SEEDS)
    with db.transaction():
        hold(db)


def register(db: Database, name: str) -> None:
    """A version with one claim over twenty configs."""
    configs = [{"size": size} for size in range(CONFIGS)]
    body = {
        "design": "",
        "configs": configs,
        "places": list(range(CONFIGS)),
        "expected_seconds": [1.0] * CONFIGS,
        "estimands": [ASKED],
        "joins": {},
        "stopping": {"rule": "settled", "replicates": 1_000_000},
        "block": BLOCK,
        "block_why": "a benchmark",
        "why": "",
        "cohort": "confirmatory",
    }
    declared = Manifest(
        name=name,
        aliases=(),
        version=1,
        question="How long does it take to weigh this?",
        reference="",
        configs=tuple(configs),
        factors={"size": ValueType.INT},
        ranges={},
        measures=(
            Measure(name="total", type=ValueType.FLOAT, nullable=False),
            Measure(name="steps", type=ValueType.INT, nullable=False),
        ),
        estimands=(ASKED,),
        figure=None,
        cell_seconds=(1.0,) * CONFIGS,
        memory_mb=100,
        avx=False,
    )
    added = experiments.add_experiment(
        db, name=name, version=1, manifest=canonical_bytes(declared.as_data()).decode(), now=NOW
    )
    forecast = {"estimand": "grows", "forecaster": "nobody", "positive": 0.8, "negative": 0.1, "absent": 0.1}
    registrations.add_registration(
        db,
        experiment_id=added,
        cohort="exploratory",
        body=json.dumps(body),
        predictions=[{**forecast, "low": 0.0, "high": 1.0, "because": "a benchmark"}],
        now=NOW,
    )


def compute(db: Database, experiment_id: int, first: int, amount: int) -> None:
    """So many replicates more, as volunteers' hosts return them: a task each."""
    numbers = range(first, first + amount)
    tasks = [experiment_id * 1_000_000 + number for number in numbers]
    rows = list(zip(tasks, numbers, strict=True))
    db.execute_many(_REPLICATE, [{"e": experiment_id, "number": number} for number in numbers])
    db.execute_many(
        _TASKS,
        [{"id": task, "experiment_id": experiment_id, "replicates": json.dumps([number])} for task, number in rows],
    )
    db.execute_many(
        _TASK,
        [{"id": task, "experiment_id": experiment_id, "host_id": 1 + number % HOSTS} for task, number in rows],
    )
    noise = np.random.default_rng(experiment_id * 100_000 + first).normal(size=(amount, CONFIGS)).tolist()
    db.execute_many(
        _RESULT, [row for task, number in rows for row in _results(experiment_id, task, number, noise[number - first])]
    )


def _results(experiment_id: int, task: int, number: int, noise: list[float]) -> list[dict[str, Any]]:
    return [
        {
            "task_id": task,
            "experiment_id": experiment_id,
            "replicate": number,
            "config": config,
            "measures": json.dumps({"total": 0.4 * config + value, "steps": 100 + config}),
            "early": json.dumps([value, value / 2, value / 3]),
            "now": to_microseconds(NOW),
        }
        for config, value in enumerate(noise)
    ]


def hold(db: Database) -> float:
    """Weigh what closed; the CPU that it took, in milliseconds."""
    begun = sessions.begin_round(db, pi="autopilot", reason="a benchmark", now=NOW)
    before = time.process_time()
    evaluate_findings(db, begun, NOW + timedelta(seconds=1))
    return (time.process_time() - before) * 1000


def cost(act: Callable[[], object], times: int) -> float:
    """CPU of one call, in milliseconds."""
    act()
    before = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - before) / times * 1000


def page(db: Database) -> str:
    """A finding's card as the site writes it."""
    inputs = evidence.read_card_inputs(db, 1)
    if inputs is None:
        sys.exit("finding 1 was not weighed")
    weighed = evidence_cards.weigh_inputs(inputs)
    return json.dumps(
        evidence_cards.describe_newer_evidence(weighed.evidence) | evidence_cards.describe_card_parts(db, weighed)
    )


def measure(db: Database, rounds: int) -> dict[str, list[float]]:
    """Every arm in every round."""
    figures: dict[str, list[float]] = {
        arm: [] for arm in ("weigh", "card", "page", "idle", "block", "loads", "slowness")
    }
    seen = observed()
    for number in range(rounds):
        figures["loads"].append(os.getloadavg()[0])
        figures["slowness"].append(measure_slowness())
        with db.transaction():
            figures["idle"].append(hold(db))
            compute(db, 1 + number, SEEDS, BLOCK)
            figures["block"].append(hold(db))
        for arm, act in (("weigh", weigh_observations), ("card", make_finding_card)):
            figures[arm].append(
                cost(lambda act=act: act(ASKED, seen, blocks=25, homes=HOMES, surroundings=BESIDE), 20)  # type: ignore[misc]
            )
        figures["page"].append(cost(lambda: page(db), 20))
    return figures


def loop() -> float:
    """CPU seconds of a loop that counts."""
    program = f"import time\nstep = 0\nfor _ in range({STEPS}):\n step += 1\nprint(time.process_time())"
    return float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


def table(folder: Path) -> tuple[float, float, bool]:
    """CPU seconds and megabytes for a table of a million rows, and whether a terminal was shown how far it is."""
    noise = np.random.default_rng(1).normal(0.01, 1.0, ROWS).tolist()
    file = folder / "long.csv"
    file.write_text("seed,value\n" + "".join(f"{seed},{value}\n" for seed, value in enumerate(noise)), encoding="utf-8")
    command = [sys.executable, "-m", "axiom", "weigh", str(file), "--estimand", "contrast", "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ours, terminal = pty.openpty()
    shown = b""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal) as process:
        os.close(terminal)
        with contextlib.suppress(OSError):  # so a terminal ends that nobody writes to any more
            while chunk := os.read(ours, 4096):
                shown += chunk
    os.close(ours)
    if process.returncode:
        sys.exit(shown.decode())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    is_shown = f"Weighing {ROWS:,} rows".encode() in shown  # reading is told of where it takes more than a second
    seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used.ru_maxrss * 1024 / 1e6, is_shown


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=int, default=1_000_000)
    options = parser.parse_args()
    versions = max(options.rounds, options.results // (SEEDS * CONFIGS))
    with tempfile.TemporaryDirectory(prefix="axiom-bench-") as place:
        # First, while this process is small: a child begins as a copy of it.
        before = loop()
        seconds, megabytes, is_shown = table(Path(place))
        loops = (before + loop()) / 2.0
        folder = Folder(path=Path(place) / "lab")
        folder.create()
        db = connect_writer(folder.database)
        migrate_database(db, folder, NOW)
        furnish(db, versions)
        gc.collect()
        gc.freeze()  # as the laboratory's process does once it is up
        gc.set_threshold(10_000, 20, 20)
        figures = measure(db, options.rounds)
        db.close()
    medians = {arm: statistics.median(values) for arm, values in figures.items()}
    on_reference = {
        arm: statistics.median(value / by for value, by in zip(figures[arm], figures["slowness"], strict=True))
        for arm in ("page", "block")
    }
    missed = [arm for arm, most in (("page", CARD_MS), ("block", BLOCK_MS)) if on_reference[arm] > most]
    print(f"{versions} versions with {SEEDS} seeds of {CONFIGS} cells: {versions * SEEDS * CONFIGS:,} results")
    for arm in ("weigh", "card", "page", "idle", "block"):
        listed = ", ".join(f"{value:.2f}" for value in figures[arm])
        print(f"{arm:<8} {medians[arm]:8.2f} ms of CPU   (rounds: {listed})")
    print(
        f"on a reference core, than which this one is {medians['slowness']:.2f} times slower: "
        f"page {on_reference['page']:.2f} ms, block {on_reference['block']:.2f} ms"
    )
    progress = "shown" if is_shown else "not shown"
    ratio = f"{seconds / loops:.1f} times the {loops:.2f} s of the loop"
    print(
        f"table    {seconds:8.2f} s of CPU, {ratio}, {megabytes:.0f} MB at most; progress is {progress} at a terminal"
    )
    missed += ["table"] if seconds > TABLE_LOOPS * loops or megabytes > TABLE_MB or not is_shown else []
    print(f"load {min(figures['loads']):.2f} to {max(figures['loads']):.2f}; {os.cpu_count()} cores")
    print(
        f"{'MISSED: ' + ', '.join(missed) if missed else 'Met'}: of a reference core a page ≤ {CARD_MS} ms and a "
        f"block ≤ {BLOCK_MS} ms, a table of {ROWS:,} rows ≤ {TABLE_LOOPS:.1f} loops and {TABLE_MB} MB"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

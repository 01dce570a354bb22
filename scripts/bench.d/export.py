"""How long `axiom data export` takes, in each format, for results that were put straight into a store.

The target is for a million rows; with fewer (--rows) it shrinks in proportion. Nothing is computed: the rows are
invented, so that the time is that of reading and writing alone. The arms take turns, and the median round counts.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from axiom.domain.experiments import seed_of
from axiom.store.engine.database import Database, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.migrate import migrate

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
FORMATS = ("parquet", "csv", "json")
CONFIGS = 20
TARGET_SECONDS = 10.0  # for a million rows
BATCH = 50_000

MANIFEST = {
    "aliases": [],
    "avx": False,
    "cell_seconds": [1.0] * CONFIGS,
    "configs": [{"width": 2 ** (place // 2), "rate": 0.1 * (1 + place % 2)} for place in range(CONFIGS)],
    "estimands": [],
    "factors": {"width": "int", "rate": "float"},
    "figure": None,
    "format": "axiom-manifest-1",
    "measures": [
        *(["loss", "float", False], ["accuracy", "float", False], ["steps", "int", True]),
        *(["learned", "bool", False], ["sharpness", "float", True]),
    ],
    "memory_mb": 100,
    "name": "invented",
    "question": "How long does it take to write this down?",
    "ranges": {},
    "reference": "",
    "version": 1,
}
BODY = {
    "configs": MANIFEST["configs"],
    "expected_seconds": MANIFEST["cell_seconds"],
    "estimands": [],
    "block": 8,
}
REGISTERED = """
INSERT INTO registration (experiment_id, cohort, body, previous_hash, hash, created_at)
VALUES (1, 'exploratory', :body, 'none', 'first', 0)
"""
WORKUNIT = """
INSERT INTO workunit (experiment_id, registration_id, replicates, configs, state, quorum, max_failures, created_at)
VALUES (1, 1, '[]', '[]', 'done', 1, 3, 0)
"""
VOLUNTEER = "INSERT INTO volunteer (name, created_at) VALUES ('Ada', 0)"
HOST = """
INSERT INTO host (volunteer_id, name, system, processor, instructions, cores, memory_mb, created_at, seen_at)
VALUES (1, 'first', 'linux', 'x86_64', 'avx2', 2, 4000, 0, 0)
"""
TASK = """
INSERT INTO task (workunit_id, experiment_id, ordinal, state, host_id, created_at)
VALUES (1, 1, :ordinal, 'valid', 1, 0)
"""
REPLICATE = "INSERT INTO replicate (experiment_id, number, registration_id, seed) VALUES (1, :number, 1, :seed)"
RESULT = """
INSERT INTO result (task_id, experiment_id, replicate, config, seed, outcome, measures, early, cpu_seconds, created_at)
VALUES (:task_id, 1, :number, :config, :seed, 'ok', :measures, '[]', 0.25, 0)
"""


def main() -> int:
    """0 when the slowest format keeps the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    times: dict[str, list[float]] = {form: [] for form in FORMATS}
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "lab"
        rows = fill(data, options.rows)
        load = os.getloadavg()[0]
        for _ in range(options.rounds):
            for form in FORMATS:
                out = Path(place) / f"invented.{form}"
                began, used = time.perf_counter(), spent()
                export(data, form, out)
                times[form].append(time.perf_counter() - began)
                size = out.stat().st_size / 2**20
                print(f"{form.ljust(8)} {times[form][-1]:6.2f} s, {spent() - used:6.2f} s of CPU, {size:.0f} MiB")
    target = TARGET_SECONDS * rows / 1_000_000
    worst = 0.0
    for form, found in times.items():
        median = statistics.median(found)
        worst = max(worst, median)
        print(f"{form.ljust(8)} median {median:6.2f} s for {rows} rows, {rows / median:,.0f} rows a second")
    print(f"load {load:.2f}; {'Met' if worst <= target else 'MISSED'}: at most {target:.1f} s for {rows} rows.")
    return int(worst > target)


def export(data: Path, form: str, out: Path) -> None:
    """As a person types it, with the start of the program."""
    axiom = Path(sys.executable).parent / "axiom"
    command = [axiom, "data", "export", "--format", form, "--experiment", "invented", "-o", out, "--data", data, "-q"]
    subprocess.run([*map(str, command)], check=True)


def spent() -> float:
    """CPU seconds of all processes that were started here and have ended: what a busy computer does not change."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def fill(data: Path, rows: int) -> int:
    """A store with about so many results; how many there are."""
    folder = Folder(path=data)
    folder.create()
    db = connect_writer(folder.database)
    try:
        migrate(db, None, NOW)
        with db.transaction():
            experiments.add(db, name="invented", version=1, manifest=canonical(), now=NOW)
            db.execute(REGISTERED, body=json.dumps(BODY))
            for sql in (VOLUNTEER, HOST, WORKUNIT):
                db.execute(sql)
        replicates = max(1, rows // CONFIGS)
        for first in range(0, replicates, BATCH // CONFIGS):
            with db.transaction():
                put(db, range(first, min(replicates, first + BATCH // CONFIGS)))
    finally:
        db.close()
    return replicates * CONFIGS


def put(db: Database, numbers: range) -> None:
    """The replicates, a task each, and their results."""
    seeds = {number: seed_of("invented", 1, number) for number in numbers}
    db.many(TASK, ({"ordinal": number} for number in numbers))
    db.many(REPLICATE, ({"number": number, "seed": seed} for number, seed in seeds.items()))
    db.many(
        RESULT,
        (
            {
                "task_id": number + 1,
                "number": number,
                "config": config,
                "seed": seed,
                "measures": measures(seed, config),
            }
            for number, seed in seeds.items()
            for config in range(CONFIGS)
        ),
    )


def measures(seed: int, config: int) -> str:
    """Numbers with all their digits, and now and then one that was never reached."""
    drawn = int.from_bytes(hashlib.blake2b(f"{seed}|{config}".encode(), digest_size=8).digest(), "big") / 2**64
    return json.dumps(
        {
            "loss": drawn,
            "accuracy": 1 - drawn / 3,
            "steps": None if drawn < 0.1 else int(drawn * 10_000),
            "learned": drawn > 0.5,
            "sharpness": None if drawn > 0.9 else drawn * 100,
        }
    )


def canonical() -> str:
    """The manifest in its one form."""
    return json.dumps(MANIFEST, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main())

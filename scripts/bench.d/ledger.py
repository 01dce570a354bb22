"""How long it takes to prove a ledger of a million entries, and to credit 100,000 results.

A laboratory in a folder of its own, with the real tables: 1,000 volunteers with two hosts each, 40 teams, half a
million awards of tariff S5 on two sides each, in 100 settlements. Verifying is what `axiom ledger verify` does. Then
one entry is changed behind the program's back, and the first difference must name its award. Crediting is what the
server's job does, slice by slice, each one transaction on the disk.

Ends with 0 only if the median round of verifying takes at most 5 seconds.

    .venv/bin/python scripts/bench.d/ledger.py --awards 50000 --results 10000
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from axiom.decisions.credit.tariffs import PRESETS
from axiom.domain.declaration import Measure, ValueType
from axiom.lab.credit.booking import SLICE
from axiom.lab.credit.pay import Paying
from axiom.signed.canonical_json import canonical
from axiom.signed.manifests import Manifest
from axiom.store.credit import balance_check, tariffs
from axiom.store.engine.database import Database, at, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = 5.0
VOLUNTEERS, TEAMS, SETTLEMENTS = 1_000, 40, 100
NUMBERS = "WITH RECURSIVE n (i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last) "
MANIFEST = Manifest(
    name="bench",
    aliases=(),
    version=1,
    question="What does paying cost?",
    reference="",
    configs=tuple({"size": size} for size in range(40)),
    factors={"size": ValueType.INT},
    ranges={},
    measures=(Measure(name="total", type=ValueType.FLOAT, nullable=False),),
    estimands=(),
    figure=None,
    cell_seconds=tuple(map(float, range(100, 4_001, 100))),
    memory_mb=100,
    avx=False,
)
PEOPLE = (
    "INSERT INTO volunteer (id, name, created_at, team_id) SELECT i, 'volunteer ' || i, :now, 1 + i % :teams FROM n",
    "INSERT INTO host (id, volunteer_id, name, system, processor, instructions, cores, memory_mb, created_at, seen_at) "
    "SELECT 2 * i, i, 'a', 's', 'p', '', 8, 8000, :now, :now FROM n",
    "INSERT INTO host (id, volunteer_id, name, system, processor, instructions, cores, memory_mb, created_at, seen_at) "
    "SELECT 2 * i + 1, i, 'b', 's', 'p', '', 8, 8000, :now, :now FROM n",
)
WORKUNITS = (
    "INSERT INTO workunit (id, experiment_id, registration_id, replicates, configs, state, quorum, max_failures, "
    "created_at) SELECT i, 1, 1, '[0]', '[' || (i % 40) || ']', 'done', 1, 1, :now FROM n"
)
TASKS = (
    "INSERT INTO task (id, workunit_id, experiment_id, ordinal, state, host_id, created_at, sent_at, returned_at, "
    "cpu_seconds, elapsed_seconds, is_paid) "
    "SELECT i, i, 1, 0, 'valid', 2 + i % (2 * :volunteers), :now, :now, :now + 9000000000, i % 4000, i % 4000, :paid "
    "FROM n"
)
AWARDS = (
    "INSERT INTO award (id, task_id, reason, tariff_id, host_id, volunteer_id, team_id, amount, because, created_at, "
    "tier) SELECT t.id, t.id, 'computed', 1, t.host_id, h.volunteer_id, v.team_id, 7000, 'a bench', :now, "
    "'30 to 120 s' FROM task t JOIN host h ON h.id = t.host_id JOIN volunteer v ON v.id = h.volunteer_id",
    "INSERT INTO entry (award_id, account, amount) SELECT id, 'laboratory', -amount FROM award",
    "INSERT INTO entry (award_id, account, amount) SELECT id, 'volunteer:' || volunteer_id, amount FROM award",
    "INSERT INTO balance (holder, holder_id, total, recent, recent_at) "
    "SELECT 'volunteer', volunteer_id, sum(amount), 0, :now FROM award GROUP BY volunteer_id",
    "INSERT INTO balance (holder, holder_id, total, recent, recent_at) "
    "SELECT 'host', host_id, sum(amount), 0, :now FROM award GROUP BY host_id",
    "INSERT INTO balance (holder, holder_id, total, recent, recent_at) "
    "SELECT 'team', team_id, sum(amount), 0, :now FROM award GROUP BY team_id",
    "INSERT INTO daybook (day, tariff_id, reason, tier, awards, amount) "
    "SELECT created_at / 86400000000, 1, 'computed', tier, count(*), sum(amount) FROM award GROUP BY 1, 2, 3, 4",
)
SETTLED = """
INSERT INTO settlement (session_id, after_award, last_award, awards, amount, capped, session_cap, settled_at)
VALUES (:session, :after, :last, :last - :after, 7000 * (:last - :after), 7000 * (:last - :after), NULL, :now)
"""
EXPERIMENT = """
INSERT INTO experiment (id, name, version, manifest, created_at) SELECT 1, 'bench', 1, :manifest, :now
"""
# Forty configs of 100 to 4,000 seconds.
REGISTRATION = """
INSERT INTO registration (id, experiment_id, cohort, body, previous_hash, hash, created_at)
VALUES (1, 1, 'confirmatory', :body, '', '', :now)
"""
BODY = json.dumps(
    {
        "design": "",
        "configs": [{"size": size} for size in range(40)],
        "places": list(range(40)),
        "expected_seconds": list(range(100, 4_001, 100)),
        "estimands": [],
        "joins": {},
        "stopping": {"rule": "settled", "replicates": 1_000_000},
        "block": 8,
        "block_why": "a benchmark",
        "why": "",
        "cohort": "confirmatory",
    }
)
DAMAGE = "UPDATE entry SET amount = amount + 1 WHERE id = :id"


def fill(db: Database, awards: int) -> None:
    """People, paid tasks, awards with both sides, and everything that is kept of them."""
    now = at(NOW)
    with db.transaction():
        tariffs.add(db, PRESETS["S5"], NOW)
        for sql in PEOPLE:
            values = {"teams": TEAMS} if ":teams" in sql else {}
            db.execute(NUMBERS + sql, first=1, last=VOLUNTEERS, now=now, **values)
        tasks(db, 1, awards, is_paid=True)
        for sql in AWARDS:
            db.execute(sql, **({"now": now} if ":now" in sql else {}))
        for number in range(SETTLEMENTS):
            first, last = number * awards // SETTLEMENTS, (number + 1) * awards // SETTLEMENTS
            db.execute(SETTLED, session=number + 1, after=first, last=last, now=now)


def tasks(db: Database, first: int, last: int, *, is_paid: bool) -> None:
    """Valid tasks with these numbers, each of a workunit with the same number."""
    db.execute(NUMBERS + WORKUNITS, first=first, last=last, now=at(NOW))
    db.execute(NUMBERS + TASKS, first=first, last=last, now=at(NOW), volunteers=VOLUNTEERS - 1, paid=int(is_paid))


def verify(db: Database) -> tuple[float, float, list[str]]:
    """Wall and processor seconds of one proof, and what it found."""
    began, spent = time.monotonic(), time.process_time()
    problems = [*balance_check.problems(db), *balance_check.beyond_caps(db)]
    return time.monotonic() - began, time.process_time() - spent, problems


def credit(db: Database, first: int, results: int) -> tuple[float, float]:
    """Wall and processor seconds in which so many new results are paid."""
    with db.transaction():
        tasks(db, first, first + results - 1, is_paid=False)
    paying, paid, began, spent = Paying(), SLICE, time.monotonic(), time.process_time()
    while paid == SLICE:
        with db.transaction():
            paid = paying.pay(db, NOW)
    return time.monotonic() - began, time.process_time() - spent


def main() -> int:
    """Fill, prove in rounds, credit, prove again, damage, and find it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--awards", type=int, default=500_000)
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-bench-", dir=Path.cwd()) as place:
        folder = Folder(path=Path(place))
        folder.create()
        db = connect_writer(folder.database)
        migrate(db, folder, NOW)
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute(EXPERIMENT, manifest=canonical(MANIFEST.as_data()).decode(), now=at(NOW))
        db.execute(REGISTRATION, body=BODY, now=at(NOW))
        fill(db, wanted.awards)
        holds = prove(db, wanted)
        took, spent = credit(db, wanted.awards + 1, wanted.results)
        print(f"crediting {wanted.results:,} results: {took:.2f} s, {1e6 * spent / wanted.results:.0f} µs of CPU each")
        holds = not verify(db)[2] and holds
        holds = find_damage(db, wanted.awards) and holds
        db.close()
    return 0 if holds else 1


def prove(db: Database, wanted: argparse.Namespace) -> bool:
    """The figure: the median round."""
    times = []
    for _ in range(wanted.rounds):
        took, spent, problems = verify(db)
        if problems:
            sys.exit(f"the books do not balance before anything was changed: {problems[0]}")
        times.append(took)
        print(f"verifying {2 * wanted.awards:,} entries: {took:.2f} s, {spent:.2f} s of CPU")
    middle = statistics.median(times)
    print(f"median: {middle:.2f} s (at most {SECONDS:g})")
    return middle <= SECONDS


def find_damage(db: Database, awards: int) -> bool:
    """One entry is changed; the first difference must name its award."""
    for row in db.select("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        db.execute(f"DROP TRIGGER {row['name']}")
    number = awards // 2
    db.execute(DAMAGE, id=awards + number)
    problems = verify(db)[2]
    print(f"one changed entry of {2 * awards:,}: {problems[0] if problems else 'not problems'}")
    return bool(problems) and problems[0] == f"award {number} is not booked on two equal sides"


if __name__ == "__main__":
    sys.exit(main())

"""What a contact of a volunteer's client costs the server's own code, without sockets, on however busy a computer.

One process has a laboratory's records and plays its clients (campaigns/loadgen): request, uploads, judging, credit. The
CPU of the thread is taken of each part, and of many calls the one that is quicker than all but a twentieth: others on
the same computer make calls slower and never quicker, so this moves by two hundredths where the median moves by a
third. One client calls at a time, so whatever stores something pays for its own commit; under load many share one.

    scripts/bench requests                     # this checkout
    scripts/bench requests --before REVISION   # beside an earlier one, in turn

A request is read in the loop's thread, stored and answered in the writer's, written in the loop's again.
"""

import argparse
import functools
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loadgen.benches import begin
from loadgen.hosts import Host
from loadgen.laboratory import MEASURES, Laboratory
from loadgen.lane import Lane, Mode, Plan
from loadgen.outputs import axiom_maker

from axiom.boinc.requests import read_request
from axiom.laboratory.credit.pay import CreditPayer
from axiom.server.returns.validator import Validator
from axiom.server.scheduler import scheduler
from axiom.service.computing_parts import make_computing_parts
from axiom.service.volunteer_project import Source, VolunteerParts, open_volunteer_project
from axiom.settings import read_process_settings
from axiom.signed.keys import make_keys, make_secrets
from axiom.store.engine.database import Database, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate_database
from axiom.store.writer import Writer

ROOT = Path(__file__).resolve().parents[2]
_SHARED = os.environ.get("PYTHONPATH", "").split(os.pathsep)
HOSTS, ACCOUNTS, TASKS, PINGS = 64, 16, 10_000, 8
DISTURBED = 20  # of so many calls, one was disturbed less
PARTS = (
    *(f"{kind}: {part}" for kind in ("ping", "8+8") for part in ("read", "store", "write")),
    *("upload: store", "a task: judge", "a task: pay"),
)

Job = Callable[[Database, datetime], int]
Costs = dict[str, list[float]]  # milliseconds of each call, by part


def main() -> int:
    """Print what each part costs, and what it cost before if asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--before", help="a revision of this repository")
    parser.add_argument("--arm", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.arm:
        print(json.dumps(played(wanted.arm)))
        return 0
    with tempfile.TemporaryDirectory(prefix="axiom-requests-") as name, trees(Path(name), wanted.before) as folders:
        prepare(Path(name), folders[0])
        costs: list[list[Costs]] = [[] for _ in folders]
        for number in range(wanted.rounds):
            for arm in range(len(folders))[:: 1 if number % 2 else -1]:
                costs[arm].append(measured(Path(name), folders[arm]))
    figures = [{part: least([turn[part] for turn in arm]) for part in PARTS} for arm in costs]
    for by_part in figures:
        by_part["a ping"] = sum(by_part[f"ping: {part}"] for part in ("read", "store", "write"))
        by_part["reporting 8, fetching 8"] = sum(by_part[f"8+8: {part}"] for part in ("read", "store", "write"))
        by_part["a whole task"] = by_part["reporting 8, fetching 8"] / 8 + sum(by_part[part] for part in PARTS[6:])
    print(f"{'milliseconds of CPU':<28}" + ("  before     now   ratio" if wanted.before else "     now"))
    for part in figures[0]:
        ratio = f"{figures[-1][part] / figures[0][part]:8.3f}" if wanted.before else ""
        print(f"{part:<28}" + "".join(f"{by_part[part]:8.4f}" for by_part in figures) + ratio)
    print(f"{wanted.rounds} rounds in turn; load {os.getloadavg()[0]:.2f}")
    return 0


def least(rounds: Sequence[Sequence[float]]) -> float:
    """What a part costs where nothing disturbs it."""
    calls = sorted(call for turn in rounds for call in turn)
    return calls[len(calls) // DISTURBED]


@contextmanager
def trees(place: Path, revision: str | None) -> Iterator[list[Path]]:
    """The checkouts that are measured: that of before, if one is wanted, and this one."""
    if revision is None:
        yield [ROOT]
        return
    before = place / "before"
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", before, revision], check=True)
    try:
        yield [before, ROOT]
    finally:
        subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", before], check=True)


def sources(tree: Path) -> str:
    """The path with a checkout's own program first, before that of the environment and what benches share."""
    folders = (tree / "src", tree / "packages" / "axiom-catalogue" / "src", tree / "packages" / "axiom-weigh" / "src")
    return os.pathsep.join([*map(str, folders), *_SHARED])


def prepare(place: Path, tree: Path) -> None:
    """Records of a laboratory with a fleet that has met it, made by the oldest checkout, so that all can read them."""
    os.environ["PYTHONPATH"] = sources(tree)
    with Laboratory.make(place / "lab") as lab:
        bench = begin(lab, hosts=HOSTS, accounts=ACCOUNTS)
        bench.enough(TASKS)
        url = lab.scheduler()
    (place / "fleet").write_bytes(pickle.dumps((tuple(bench.hosts), url)))


def measured(place: Path, tree: Path) -> Costs:
    """What a checkout takes for each part, in a process of its own on a copy of the records."""
    done = subprocess.run(
        [sys.executable, __file__, "--arm", place],
        env=os.environ | {"PYTHONPATH": sources(tree)},
        stdout=subprocess.PIPE,
        check=True,
    )
    costs: Costs = json.loads(done.stdout)
    return costs


class Directly:
    """Stands where a lane has its connections: whoever answers is called without one."""

    def __init__(self, made: VolunteerParts) -> None:
        """Answer for these parts of the server."""
        self._made = made

    def post(self, url: str, body: bytes) -> tuple[int, bytes]:
        """Ask, and wait for the answer."""
        if "file_upload_handler" not in url:
            return 200, bytes(self._made.scheduler.answer_request(body).result())
        arrival = self._made.transfers.arrive(len(body))
        arrival.take(body)
        return 200, arrival.finish().result()

    def close(self) -> None:
        """There is nothing to hang up."""


class Watch:
    """Takes the CPU of the calls of some functions, by what is played meanwhile."""

    def __init__(self) -> None:
        self.kind = ""
        self.costs: Costs = {}

    def over(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        """The same function, whose calls are noted."""

        def watched(*positional: Any, **named: Any) -> Any:
            began = time.thread_time()
            answer = function(*positional, **named)
            self.note(f"{self.kind}: {part}", time.thread_time() - began)
            return answer

        return watched

    def note(self, part: str, seconds: float) -> None:
        """One more call."""
        self.costs.setdefault(part, []).append(1e3 * seconds)


def played(place: Path) -> Costs:
    """Play two rounds, of which the second one counts."""
    watch = Watch()
    vars(scheduler)["read_request"] = watch.over(read_request, "read")
    scheduler.UnwrittenReply.__bytes__ = watch.over(scheduler.UnwrittenReply.__bytes__, "write")  # type: ignore[method-assign]
    Writer._store = watch.over(Writer._store, "store")  # type: ignore[method-assign]  # one group, with its commit
    hosts, url = pickle.loads((place / "fleet").read_bytes())  # noqa: S301 - written a moment ago, by ourselves
    with tempfile.TemporaryDirectory(dir=place) as copy:
        shutil.copytree(place / "lab", Path(copy) / "lab")
        folder = Folder(path=Path(copy) / "lab")
        db = connect_writer(folder.database)
        migrate_database(db, folder, now())
        db.close()
        settings, keys = read_process_settings(folder.settings)[0], make_keys(folder.keys, now())
        core = make_computing_parts(folder, settings, keys, now, reported=lambda: None)
        secrets, master = make_secrets(folder.keys), url.removesuffix("scheduler")
        try:
            with open_volunteer_project(folder, secrets, core, master=master, now=now, source=Source()) as made:
                handler = made.scheduler.handler
                object.__setattr__(handler, "judge_and_pay", lambda _db, _now: None)  # judging is measured by itself
                for _ in range(2):
                    watch.costs = {}
                    contacts(watch, made, url, hosts)
        finally:
            core.writer.stop()
    return {part: watch.costs[part] for part in PARTS}


def contacts(watch: Watch, made: VolunteerParts, url: str, hosts: Sequence[Host]) -> None:
    """Every host pings, fetches, reports and fetches, and reports; what it brings is judged and paid each time."""
    plan = Plan(url=url, mode=Mode.EMPTY, seconds=600.0, maker=axiom_maker(MEASURES, cpu_seconds=3.0), uploads=False)
    validator, paying = Validator(made.scheduler.connections.folder, b"a bench"), CreditPayer()
    for kind, mode, turns in (
        ("ping", Mode.EMPTY, PINGS),
        ("fetch", Mode.FETCH, 1),
        ("upload", Mode.UPLOAD, 1),
        ("8+8", Mode.CYCLE, 1),
        ("upload", Mode.UPLOAD, 1),
        ("report", Mode.REPORT, 0),
    ):
        watch.kind = kind
        lane = Lane(replace(plan, mode=mode, turns=turns), hosts)
        lane._requests = lane._uploads = Directly(made)  # type: ignore[assignment]
        score = lane.play()
        if score.failures or score.refused or (mode is Mode.CYCLE and score.tasks < 8 * len(hosts)):
            sys.exit(f"{kind}: {score.failures} failures, {score.faults.most_common(3)}, {score.messages}")
        watch.kind = "jobs"
        jobs: tuple[tuple[str, Job], ...] = (("a task: judge", validator.judge), ("a task: pay", paying.pay))
        for part, job in jobs:
            while made.writer.run(functools.partial(batch, watch, part, job)):
                continue


def batch(watch: Watch, part: str, job: Job, db: Database) -> int:
    """One batch of a job; how many tasks it had. What each of them cost is noted."""
    began = time.thread_time()
    tasks = job(db, now())
    if tasks:
        watch.note(part, (time.thread_time() - began) / tasks)
    return tasks


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())

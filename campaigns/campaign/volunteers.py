"""Kills the server at random moments under a fleet of volunteers' computers, and counts what was lost or paid twice.

Each round: serve, let 60 hosts report, fetch and upload as fast as the server can, `kill -9` it with everything that it
has started after a random while, and check every promise on what is left. The hosts lose the answers that were under
way, as real ones do. A backup is made early, while the server works. At the end the server starts once more, every host
comes back with all that it has, and then there must be:

no credit difference     awards, both sides of their bookings, balances of volunteers, hosts and teams agree, and every
                         valid task was paid once
no orphan                no task is out that no host knows of
no loss                  every report that a host was ever told had arrived is proven and stored
no loss by a restore     the early backup, restored elsewhere with the journal, is the same laboratory row by row
"""

import argparse
import contextlib
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kill import promises, until_gone
from loadgen.hosts import Host, fleet
from loadgen.laboratory import AXIOM, MEASURES, Laboratory
from loadgen.lane import Mode, Plan
from loadgen.outputs import axiom_maker
from loadgen.play import Load, Played, play
from loadgen.processes import descendants, kill

from axiom.domain.work import TaskState

HOSTS, ACCOUNTS, LANES = 60, 12, 3
WAITING = 20_000  # tasks that wait at least when a round begins
BACKUP_AFTER = 5  # rounds

# Each finds what differs: a holder and two sums that should be one.
_BALANCES = """
SELECT b.holder, b.holder_id, b.total, coalesce((SELECT sum(a.amount) FROM award a WHERE CASE b.holder
        WHEN 'volunteer' THEN a.volunteer_id WHEN 'host' THEN a.host_id ELSE a.team_id END = b.holder_id), 0)
    + coalesce((SELECT sum(c.amount) FROM carried c WHERE c.holder = b.holder AND c.holder_id = b.holder_id), 0)
    AS awarded
FROM balance b
"""
_ENTRIES = """
SELECT 'award', a.id, a.amount, (SELECT sum(e.amount) FROM entry e WHERE e.award_id = a.id AND e.amount > 0)
FROM award a WHERE a.amount > 0
"""
_SUMS = "SELECT 'entries', 0, 0, coalesce(sum(amount), 0) FROM entry"
_PAID = """
SELECT 'task', t.id, 1, (SELECT count(*) FROM award a WHERE a.task_id = t.id AND a.reason = 'computed')
FROM task t WHERE t.state = 'valid'
"""
_UNEARNED = """
SELECT 'task', t.id, 0, 1 FROM award a JOIN task t ON t.id = a.task_id
WHERE t.state <> 'valid' AND a.reason = 'computed'
"""
_CHANGED_BY_A_RESTORE = frozenset({"journal", "job"})  # where the copy stands, and when its periodic jobs last ran


@dataclass(kw_only=True)
class Tally:
    """What happened over all rounds."""

    serving: list[float] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    failures: int = 0  # attempts to which no answer came, also those while nobody served
    requests: int = 0
    uploads: int = 0
    aborted: int = 0


@dataclass(kw_only=True)
class Campaign:
    """The laboratory, its fleet and the tally."""

    lab: Laboratory
    plan: Plan
    hosts: Sequence[Host]
    tally: Tally = field(default_factory=Tally)

    def take_in(self, played: Played) -> None:
        """Remember what the hosts know now, and what they were told."""
        self.hosts, score, tally = played.hosts, played.score, self.tally
        tally.acknowledged.update(score.acknowledged)
        tally.failures += score.failures
        tally.requests += score.requests
        tally.uploads += score.uploads
        tally.aborted += score.aborted
        if score.refused:
            tally.broken.append(f"{score.refused} outputs were refused: {score.faults.most_common(2)}")
        if score.renumbered:
            tally.broken.append(f"{score.renumbered} hosts were given another number")


def main() -> int:
    """0 when nothing was lost, nothing was paid twice and every promise held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=5.0, help="seconds of load before a kill, at most")
    wanted = parser.parse_args()
    moments = random.Random(wanted.seed)
    with tempfile.TemporaryDirectory(prefix="axiom-volunteers-") as place:
        campaign = prepare(Path(place) / "lab")
        backup = Path(place) / "early.axiom"
        for number in range(wanted.kills):
            one_round(campaign, number, moments.uniform(0.2, wanted.longest), backup)
        finish(campaign)
        campaign.tally.broken += credit_differences(campaign.lab)
        campaign.tally.broken += lost(campaign)
        restore(campaign, backup, Path(place) / "elsewhere")
        if campaign.tally.broken:
            shutil.copytree(place, Path.cwd() / "volunteers-broken", dirs_exist_ok=True, ignore=_sockets)
        return conclude(campaign, wanted.kills, wanted.seed)


def prepare(folder: Path) -> Campaign:
    """A laboratory with accounts, and hosts that have their numbers."""
    lab = Laboratory.make(folder)
    with lab:
        hosts = fleet(HOSTS, lab.accounts(ACCOUNTS))
        maker = axiom_maker(MEASURES, cpu_seconds=3.0)
        plan = Plan(url=lab.scheduler(), mode=Mode.REGISTER, seconds=60.0, maker=maker, timeout=10.0)
        return Campaign(lab=lab, plan=plan, hosts=play(plan, hosts, lanes=LANES).hosts)


def one_round(campaign: Campaign, number: int, work: float, backup: Path) -> None:
    """Serve, load, kill, look."""
    lab, tally = campaign.lab, campaign.tally
    tally.serving.append(lab.start())
    if (short := WAITING - lab.tasks()[TaskState.UNSENT]) > 0:
        lab.deploy(short)
    plan = replace(campaign.plan, mode=Mode.CYCLE, seconds=work + 0.3, patient=True, ask=8)
    load = Load(plan, campaign.hosts, lanes=LANES)
    if number == BACKUP_AFTER:
        subprocess.run([AXIOM, "backup", "--output", backup, "--data", lab.folder, "--quiet"], check=True)
    time.sleep(work)
    family = [lab.pid, *descendants(lab.pid)]
    for pid in family:
        kill(pid)
    if lab.process is not None:
        lab.process.communicate()
    campaign.take_in(load.finish())
    until_gone(family)
    tally.broken += [f"round {number}: {problem}" for problem in promises(lab.folder)]
    if number % 10 == 9:
        print(f"{number + 1} kills: {len(tally.acknowledged)} reports, {len(tally.broken)} broken", flush=True)


def finish(campaign: Campaign) -> None:
    """The server serves again, every host brings all that it has, and nothing is out any more."""
    lab = campaign.lab
    with lab:
        again = replace(campaign.plan, mode=Mode.CYCLE, turns=1, ask=1, seconds=120.0)
        for mode in (again, replace(again, mode=Mode.REPORT, turns=0)):
            campaign.take_in(play(mode, campaign.hosts, lanes=LANES))
        lab.settle()
        left = lab.tasks()
    in_hand = sum(len(host.hand) for host in campaign.hosts)
    if left[TaskState.SENT] or in_hand:
        campaign.tally.broken.append(f"{left[TaskState.SENT]} tasks are out, and the hosts have {in_hand}")
    if failed := sum(left[state] for state in TaskState if state.is_failure):
        campaign.tally.broken.append(f"{failed} tasks failed, though every host did its part: an upload is gone")
    campaign.tally.broken += [f"at the end: {problem}" for problem in promises(lab.folder)]


def credit_differences(lab: Laboratory) -> list[str]:
    """Every sum of credit that differs from another that it must equal."""
    problems = []
    for sql in (_BALANCES, _ENTRIES, _SUMS, _PAID, _UNEARNED):
        wrong = [row for row in lab.rows(sql) if row[2] != row[3]]
        problems += [f"credit of {holder} {number}: {left} and {right}" for holder, number, left, right in wrong[:5]]
    holders = {holder for holder, _, _, _ in lab.rows(_BALANCES)}
    if not {"volunteer", "host"} <= holders:
        problems.append(f"there are balances of {sorted(holders)} alone")
    return problems


def lost(campaign: Campaign) -> list[str]:
    """Every report that was acknowledged and is not stored with its results."""
    stored = {int(task) for (task,) in campaign.lab.rows("SELECT DISTINCT task_id FROM result")}
    stored |= {int(task) for (task,) in campaign.lab.rows("SELECT DISTINCT task_id FROM duplicate")}
    tasks = {int(number) for name in campaign.tally.acknowledged for number in re.findall(r"-t(\d+)", name)}
    if len(tasks) != len(campaign.tally.acknowledged):
        return [f"{len(campaign.tally.acknowledged)} names were acknowledged, of {len(tasks)} tasks"]
    return [f"{len(tasks - stored)} acknowledged reports are gone"] if tasks - stored else []


def restore(campaign: Campaign, backup: Path, elsewhere: Path) -> None:
    """The early backup and the journal make the same laboratory in another folder."""
    lab, tally = campaign.lab, campaign.tally
    journal = lab.folder / "journal"
    done = subprocess.run(
        [AXIOM, "restore", backup, "--journal", journal, "--data", elsewhere],
        capture_output=True,
        text=True,
        check=False,
    )
    print((done.stdout + done.stderr).strip())
    if done.returncode:
        tally.broken.append(f"the restore ended with {done.returncode}")
        return
    tally.broken += [f"restored: {problem}" for problem in promises(elsewhere)]
    tally.broken += differences(lab.folder / "axiom.db", elsewhere / "axiom.db")


def differences(first: Path, second: Path) -> list[str]:
    """Every table in which two databases differ."""
    problems = []
    with contextlib.closing(sqlite3.connect(f"file:{first}?mode=ro", uri=True)) as db:
        db.execute("ATTACH DATABASE :other AS other", {"other": f"file:{second}?mode=ro"})
        names = [str(name) for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for name in sorted(set(names) - _CHANGED_BY_A_RESTORE - {"sqlite_sequence", "sqlite_stat1"}):
            for left, right in (("main", "other"), ("other", "main")):
                sql = f'SELECT count(*) FROM (SELECT * FROM {left}."{name}" EXCEPT SELECT * FROM {right}."{name}")'  # noqa: S608  our own names
                ((amount,),) = db.execute(sql).fetchall()
                if amount:
                    problems.append(f"{amount} rows of {name} are in the {left} database alone")
    return problems


def conclude(campaign: Campaign, kills: int, seed: int) -> int:
    """Say how it went."""
    tally, lab = campaign.tally, campaign.lab
    ordered = sorted(tally.serving)
    print(f"kills                        {kills} (seed {seed})")
    print(f"requests, uploads            {tally.requests}, {tally.uploads}; {tally.failures} never answered")
    print(f"reports acknowledged         {len(tally.acknowledged)}")
    print(f"tasks valid, paid            {lab.tasks()[TaskState.VALID]}, {lab.credited()}")
    print(f"serving again, median / max  {statistics.median(ordered):.2f} s / {ordered[-1]:.2f} s")
    print(f"broken                       {len(tally.broken)}")
    for problem in tally.broken[:20]:
        print(problem)
    return int(bool(tally.broken) or not tally.acknowledged)


def _sockets(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(".sock")]


if __name__ == "__main__":
    sys.exit(main())

"""Kills everything at random moments while work flows, starts it again by the same command, and checks every promise.

Each round: start `axiom lab`, wait until it serves, let it work for a random while with commands coming in, then
`kill -9` (in even rounds every process at once, in odd ones the server alone, whose runners must then end by
themselves), look for orphans, check all invariants on what is left. A round also counts against us when serving again
takes more than three seconds, or when a result or a command that was acknowledged before is gone after.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axiom.commands.experiments import DeployExperiment
from axiom.commands.remote import Remote
from axiom.commands.work import CancelWorkunits
from axiom.errors import AxiomError

AXIOM = Path(sys.executable).parent / "axiom"
SERVING_SECONDS = 3.0
ORPHAN_SECONDS = 2.0
LOOKED_SECONDS = 20.0  # for a process that is not gone, or a page
STOPPING_SECONDS = 60.0
ADVANCE_SECONDS = 60.0  # within which every task that was in progress comes further
_RESULTS = "SELECT task_id, replicate, config FROM result"
_KEYS = "SELECT key FROM audit WHERE key IS NOT NULL"
# Of a version whose tasks failed nothing is given, not even again to a host that lost it. Here two do where lives end
# before a first cell does: a task that began three times and never came further is given up.
_HALTED = "SELECT experiment_id FROM release WHERE change = 'halted'"
COMMANDS_PAUSE = 0.02  # seconds between two commands, so that the machine also computes


@dataclass(kw_only=True)
class Tally:
    """What happened over all rounds."""

    serving: list[float] = field(default_factory=list)
    orphans: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    results: int = 0
    resumed: int = 0
    acknowledged: set[str] = field(default_factory=set)  # keys of commands that were answered


def main() -> int:
    """0 when every promise held in every round and serving again was quick enough."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=6.0, help="seconds of work before a kill, at most")
    parser.add_argument("--after", type=int, default=0, help="commands acknowledged in a life before that begins")
    parser.add_argument("--within", type=float, default=SERVING_SECONDS, help="seconds until it serves again (p99)")
    parser.add_argument("--gone", type=float, default=ORPHAN_SECONDS, help="seconds until every process is gone")
    wanted = parser.parse_args()
    moments = random.Random(wanted.seed)
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="axiom-kill-") as name:
        folder = Path(name) / "lab"
        prepare(folder)
        for number in range(wanted.kills):
            one_round(folder, number, wanted.after, moments.uniform(0.0, wanted.longest), tally)
        finish(folder, tally)
        if tally.broken:
            shutil.copytree(folder, Path.cwd() / "kill-broken", dirs_exist_ok=True, ignore=_sockets)
    return conclude(wanted, tally)


def prepare(folder: Path) -> None:
    """A laboratory whose tasks are short, so that a kill meets every stage of their life."""
    subprocess.run([AXIOM, "init", folder, "--port", "0", "--quiet"], check=True)
    with (folder / "axiom.toml").open("a") as settings:
        settings.write("task_seconds = 0.5\nqueue_per_core = 6\n")


def one_round(folder: Path, number: int, least: int, work: float, tally: Tally) -> None:
    """Start, work, kill, look."""
    before = stored(folder) if number else set[tuple[int, int, int]]()
    process, serving = start(folder)
    tally.serving.append(serving)
    commands = threading.Thread(target=talk, args=(folder, number, tally.acknowledged))
    had = len(tally.acknowledged)
    commands.start()
    while len(tally.acknowledged) < had + least and process.poll() is None:
        time.sleep(0.05)
    time.sleep(work)
    family = [process.pid, *descendants(process.pid)]
    for pid in family if number % 2 == 0 else family[:1]:
        kill(pid)
    process.communicate()
    commands.join()
    tally.orphans.append(until_gone(family))
    after = stored(folder)
    if not before <= after:
        tally.broken.append(f"round {number}: {len(before - after)} stored results are gone")
    if lost := tally.acknowledged - remembered(folder):
        tally.broken.append(f"round {number}: {len(lost)} acknowledged commands are gone")
    tally.broken += [f"round {number}: {problem}" for problem in promises(folder)]
    tally.results = len(after)
    if number % 10 == 9:
        print(f"{number + 1} kills: {tally.results} results, {len(tally.broken)} promises broken", flush=True)


def talk(folder: Path, number: int, acknowledged: set[str]) -> None:
    """Order and cancel through the socket until nobody answers any more, noting what was acknowledged."""
    remote = Remote(folder / "axiom.sock")
    for turn in range(1_000_000):
        key = f"{number}-{turn}"
        try:
            made = remote.submit(DeployExperiment(experiment="test_deploy", workunits=1), key=key)
            acknowledged.add(key)
            remote.submit(CancelWorkunits(workunits=[made["first"]]), key=f"{key}-cancel")
            acknowledged.add(f"{key}-cancel")
        except AxiomError as error:
            if error.exit_code == 5:
                return
            time.sleep(0.1)  # the experiment is not published yet
        time.sleep(COMMANDS_PAUSE)


def finish(folder: Path, tally: Tally) -> None:
    """After the last kill, the same command must bring what was in progress to its end, and stop on Ctrl-C."""
    halted = {int(number) for (number,) in read(folder, _HALTED)}
    out = {task["id"] for task in listed(folder, "task", "sent") if task["experiment_id"] not in halted}
    process, _ = start(folder)
    left = not_gone_on(folder, out)
    tally.resumed = len(out) - len(left)
    if left:
        tally.broken.append(f"after the last start, tasks {sorted(left)} did not go on for {ADVANCE_SECONDS:.0f} s")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=STOPPING_SECONDS)
    if process.returncode != 130:
        tally.broken.append(f"Ctrl-C ended with {process.returncode}, not 130")
    tally.broken += [f"after a clean stop: {problem}" for problem in promises(folder)]


def not_gone_on(folder: Path, out: set[int]) -> set[int]:
    """Those of the tasks that neither ended nor came further for a while. One may take minutes: cells differ."""
    shares: dict[int, float] = {}
    until = time.monotonic() + ADVANCE_SECONDS
    while (left := out & {task["id"] for task in listed(folder, "task", "sent")}) and time.monotonic() < until:
        said = {one["task"]: one["progress"] for one in ask(folder, "status")["status"]["computing"]}
        now = {task: said[task] for task in left & said.keys()}
        if now != shares:
            shares, until = now, time.monotonic() + ADVANCE_SECONDS
        time.sleep(0.5)
    return left


def start(folder: Path) -> tuple[subprocess.Popen[str], float]:
    """Start the laboratory; returns after it has answered, with the seconds that took."""
    began = time.monotonic()
    process = subprocess.Popen(
        [AXIOM, "lab", "--data", folder, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    address = process.stdout.readline().strip() if process.stdout else ""
    if not address:
        raise SystemExit(f"the laboratory did not start: exit status {process.wait()}")
    with urllib.request.urlopen(f"{address}status.json", timeout=LOOKED_SECONDS) as answer:  # noqa: S310 - our own address
        json.load(answer)
    return process, time.monotonic() - began


def promises(folder: Path) -> list[str]:
    """What `axiom doctor --invariants` finds broken."""
    said = ask(folder, "doctor", "--invariants")
    return [f"{one['name']}: {one['says']}" for one in said["doctor"]["findings"] if not one["well"]]


def stored(folder: Path) -> set[tuple[int, int, int]]:
    """Every result as (task, replicate, config), through a reader of its own."""
    return {(int(task), int(number), int(config)) for task, number, config in read(folder, _RESULTS)}


def remembered(folder: Path) -> set[str]:
    """The keys of all commands in the audit."""
    return {str(key) for (key,) in read(folder, _KEYS)}


def read(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the database, through a connection of our own."""
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'axiom.db'}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def listed(folder: Path, noun: str, state: str) -> list[dict[str, Any]]:
    """Things of one state."""
    found: list[dict[str, Any]] = ask(folder, noun, "list", "--state", state)[f"{noun}s"]
    return found


def ask(folder: Path, *words: str) -> Any:
    """What the command line answers."""
    done = subprocess.run(
        [AXIOM, *words, "--data", folder, "--json"], capture_output=True, text=True, check=False, timeout=60
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"axiom {' '.join(words)} said: {done.stdout}{done.stderr}") from None


def descendants(pid: int) -> list[int]:
    """Every process below this one."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def kill(pid: int) -> None:
    """As hard as the system can."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def until_gone(family: list[int]) -> float:
    """Seconds until none of these is left, or LOOKED_SECONDS."""
    began = time.monotonic()
    while any(alive(pid) for pid in family) and time.monotonic() - began < LOOKED_SECONDS:
        time.sleep(0.01)
    return time.monotonic() - began


def alive(pid: int) -> bool:
    """Is it there, and not merely waiting to be buried?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def conclude(wanted: argparse.Namespace, tally: Tally) -> int:
    """Say how it went. Where no command was acknowledged, nothing was put to the test."""
    ordered = sorted(tally.serving)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    print(f"kills                        {wanted.kills} (seed {wanted.seed})")
    print(f"promises broken              {len(tally.broken)}")
    print(f"commands acknowledged        {len(tally.acknowledged)}")
    print(f"results stored               {tally.results}")
    print(f"tasks gone on after the last {tally.resumed}")
    print(f"serving again, median / p99  {statistics.median(ordered):.2f} s / {p99:.2f} s (at most {wanted.within})")
    print(f"processes gone, longest      {max(tally.orphans):.2f} s (at most {wanted.gone})")
    for problem in tally.broken[:20]:
        print(problem)
    is_slow = p99 > wanted.within or max(tally.orphans) > wanted.gone
    return int(bool(tally.broken) or is_slow or not tally.acknowledged)


def _sockets(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(".sock")]


if __name__ == "__main__":
    sys.exit(main())

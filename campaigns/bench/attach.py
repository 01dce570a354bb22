"""From attaching a computer to the first credit that its owner sees: the stock client, with either runner.

In each round a client with an empty folder attaches to the laboratory in a new account. It is asked for its volunteer's
credit until that is above nothing. The client is as Debian installs it; only waits that its command line names are cut.
There are two arms in turn: the stand-in, which borrows this computer's Python, with a task of three seconds; and the
built runner, which is fetched, verified and unpacked first, and then trains the networks of a whole sweep in JAX.

Ends with 0 only if the median of each arm is at most its limit, 30 and 60 seconds, and the built runner keeps to its
limits of memory, of disk, and of seconds besides the computing.
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from boinc_client import Client, client, register
from built_runner import BUILT, age, build, computing, home, offered, runner_of, size_mb
from volunteer_lab import Project, project

from axiom.store.engine.folder import Folder

_STEPS = {  # of a client's log: the first line of each kind
    "asks": r"Sending scheduler request",
    "has work": r"got 1 new tasks",
    "computes": r"Starting task",
    "is done": r"Computation for task",
    "has uploaded": r"Finished upload",
    "reports": r"Reporting 1 completed",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """One runner, what it computes first, and how long that may take."""

    name: str
    experiment: str
    limit: float
    words: tuple[str, ...] = ()  # with which the laboratory starts


ARMS = (
    Arm(name="stand-in", experiment="test_deploy", limit=30.0),
    Arm(name="built", experiment="lazy_vs_feature_learning", limit=60.0, words=("--runners", str(BUILT))),
)
LIMITS = {  # of what is seen of the built runner
    "memory": (450.0, "MB"),
    "unpacked": (420.0, "MB"),
    "first cell, cold": (12.0, "s"),  # from the launcher's start, which verifies and unpacks the runtime before
    "first cell, warm": (3.0, "s"),
    "besides": (2.0, "s"),  # a second task's time without the processor's time of its cells
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What one round took: seconds to each step, credit the last, and what was seen of the runner."""

    steps: dict[str, float]
    seen: dict[str, float]


def main() -> int:
    """0 when everything is within its limit in the median round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    build()
    rounds: dict[str, list[Round]] = {arm.name: [] for arm in ARMS}
    with tempfile.TemporaryDirectory(prefix="axiom-attach-") as place, contextlib.ExitStack() as stack:
        labs = {arm: stack.enter_context(laboratory(Path(place) / arm.name, arm)) for arm in ARMS}
        for number in range(wanted.rounds):
            for arm, lab in labs.items():
                rounds[arm.name].append(one_round(lab, arm, Path(place) / f"{arm.name}-{number}"))
                print(in_words(arm.name, rounds[arm.name][-1]), flush=True)
    print(f"load {os.getloadavg()[0]:.2f}; medians of {wanted.rounds} rounds")
    missed = sum(not judged(arm, rounds[arm.name]) for arm in ARMS)
    return int(missed > 0)


@contextlib.contextmanager
def laboratory(data: Path, arm: Arm) -> Iterator[Project]:
    """A laboratory with the arm's runner, whose experiment was tried."""
    with project(data, *arm.words, before=larger_tasks) as lab:
        lab.offer(arm.experiment, arm.experiment, is_tried=True)
        lab.wait(lambda: len(lab.page("status.json")["status"]["experiments"]) > 3)  # it is at rest
        lab.wait(lambda: offered(lab) or not arm.words)
        yield lab


def larger_tasks(folder: Folder) -> None:
    """A task of the tests is half a second; this one takes three."""
    settings = folder.path / "axiom.toml"
    settings.write_text(settings.read_text().replace("task_seconds = 0.5", "task_seconds = 3.0"))


def one_round(lab: Project, arm: Arm, folder: Path) -> Round:
    """From an empty folder to credit. Of the built runner, a second task shows what it costs besides computing."""
    key = register(lab.address).key
    with client(folder, lab.address) as mine:
        number = lab.order(arm.experiment)
        began, moment = time.monotonic(), datetime.now()  # noqa: DTZ005  the client's log is in local time
        mine.say("--project_attach", lab.address, key)
        course = follow(mine, number)
        mine.wait(lambda client: client.credit() > 0)
        durations = steps(mine, moment) | {"credit": round(time.monotonic() - began, 1)}
        if not arm.words:
            return Round(steps=durations, seen={})
        seen = {
            "memory": course.memory_mb,
            "unpacked": size_mb(next(home(mine).glob("runtime-*/"))),
            "first cell, cold": course.first_cell,
        }
        again = lab.order(arm.experiment)
        mine.update()
        course = follow(mine, again)
        cells = lab.wait_for(again, "valid", mine)["results"]
        besides = course.lasted - sum(cell["cpu_seconds"] for cell in cells)
        return Round(steps=durations, seen=seen | {"first cell, warm": course.first_cell, "besides": besides})


@dataclass(kw_only=True, slots=True)
class Watched:
    """What was seen of a task's processes: seconds from the launcher's start, and MB."""

    first_cell: float = 0.0
    lasted: float = 0.0
    memory_mb: float = 0.0


def follow(mine: Client, number: int) -> Watched:
    """Watch the task of this number from its launcher's start to the runner's end."""
    mine.wait(lambda client: runner_of(client, number))
    runner, seen = runner_of(mine, number) or 0, Watched()
    while (lasted := age(runner)) is not None:
        if int(lasted) != int(seen.lasted):  # once a second, since looking takes time from what is looked at
            process = computing(mine, number)
            seen.memory_mb = max(seen.memory_mb, process.memory_mb if process else 0.0)
        if not seen.first_cell and (cells := outputs(mine)):
            seen.first_cell = lasted - cells[0]["cpu_seconds"]
        seen.lasted = lasted
        time.sleep(0.1)
    return seen


def outputs(mine: Client) -> list[Any]:
    """The cells that a task has finished so far."""
    lines = [line for path in mine.folder.glob("slots/*/task/output.jsonl") for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines[1:] if line.startswith("{") and line.endswith("}")]


def judged(arm: Arm, rounds: Sequence[Round]) -> bool:
    """Print the arm's medians beside their limits; is each within its own?"""
    figures = {"credit": [turn.steps["credit"] for turn in rounds]}
    figures |= {name: [turn.seen[name] for turn in rounds] for name in rounds[0].seen}
    medians = {name: statistics.median(values) for name, values in figures.items()}
    limits = {"credit": (arm.limit, "s")} | LIMITS
    for name, value in medians.items():
        most, unit = limits[name]
        print(f"{arm.name:<9} {name:<17} {value:7.1f} {unit:<2}  at most {most:g}{'' if value <= most else '  MISSED'}")
    return all(value <= limits[name][0] for name, value in medians.items())


def in_words(name: str, turn: Round) -> str:
    """A round as one line."""
    return " ".join([f"{name}:", *(f"{what} {value:.1f}" for what, value in (turn.steps | turn.seen).items())])


def steps(mine: Client, moment: datetime) -> dict[str, float]:
    """When what happened, by the client's log, whose clock has whole seconds."""
    durations = {}
    for step, words in _STEPS.items():
        line = re.search(rf"^(\S+ \S+) \[.*{words}", mine.log(), re.MULTILINE)
        if line is not None:
            at = datetime.strptime(line[1], "%d-%b-%Y %H:%M:%S")  # noqa: DTZ007  as above
            durations[step] = max(0.0, (at - moment.replace(microsecond=0)).total_seconds())
    return durations


if __name__ == "__main__":
    sys.exit(main())

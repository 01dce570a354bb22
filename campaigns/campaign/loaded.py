"""Computes eight tasks on a stock client beside four busy programs, at the priority that BOINC has by default.

The client believes in two cores and has one preference that is not BOINC's own: it computes while other programs do
(`suspend_cpu_usage` 0). The busy programs have a normal priority and a session of their own, as a person's have. The
experiment is of the catalogue and takes a second of CPU, with which a task is busy for minutes here: whoever computes
for the laboratory gives way to every other session, too. Ends with 0 if all eight tasks are valid and the quota is
untouched.

    scripts/campaign loaded --record
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from boinc_client import Client, client, register
from busy_programs import busy
from running_lab import answer
from volunteer_lab import project

NAME = "double_descent"
TASKS, BUSY, CORES = 8, 4, 2
OLD_LIMIT = 130.0  # seconds by the clock, after which BOINC was told to end such a task


def main() -> int:
    """0 if every task is valid."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0, help="after which it is given up")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-loaded-", ignore_cleanup_errors=True) as folder:
        return computed(Path(folder), until=time.monotonic() + 3_600 * options.hours)


def computed(folder: Path, until: float) -> int:
    """Have the tasks computed and say how they ended."""
    with project(folder / "lab") as lab:
        lab.offer(NAME, NAME)
        me = register(lab.address)
        with busy(BUSY), client(folder / "mine", lab.address, me.key, cores=CORES, is_modest=True) as mine:
            mine.wait(Client.host, nudge=8)
            numbers = [lab.order(NAME, mine.host()) for _ in range(TASKS)]
            began, priorities, tasks = time.monotonic(), Counter[str](), [lab.task(number) for number in numbers]
            while any(task["state"] in {"unsent", "sent", "returned"} for task in tasks) and time.monotonic() < until:
                time.sleep(2.0)
                priorities.update(map(priority, mine.runners()))
                tasks = [lab.task(number) for number in numbers]
            quota = answer("host", "show", mine.host(), data=lab.data)["host"]["standing"]["tasks_per_core_and_hour"]
    for task in tasks:
        print(f"task {task['number']}: {task['state']}, {task['cpu_seconds']:.1f} s of CPU", end=", ")
        print(f"{task['elapsed_seconds']:.0f} s by BOINC's clock")
    longer = sum(task["elapsed_seconds"] > OLD_LIMIT for task in tasks)
    print(f"priorities of the runners as seen: {', '.join(sorted(priorities))}")
    print(f"all together {time.monotonic() - began:.0f} s; {longer} of {TASKS} took more than {OLD_LIMIT:.0f} s")
    valid = sum(task["state"] == "valid" for task in tasks)
    print(f"{valid} of {TASKS} valid; quota {'untouched' if quota is None else quota}")
    return int(valid < TASKS or quota is not None)


def priority(process: int) -> str:
    """How the kernel puts this process behind others."""
    with contextlib.suppress(ProcessLookupError):
        is_idle = os.sched_getscheduler(process) == os.SCHED_IDLE
        return f"SCHED_IDLE {is_idle}, nice {os.getpriority(os.PRIO_PROCESS, process)}"
    return "gone"


if __name__ == "__main__":
    sys.exit(main())

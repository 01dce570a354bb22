"""From attaching a computer to the first credit that its owner sees: the stock client, and a task of three seconds.

In each round a client with an empty folder attaches to the laboratory in a new account. It is asked for its volunteer's
credit until that is above nothing. The client is as Debian installs it; only waits that its command line names are cut.

    .venv/bin/python scripts/bench.d/attach.py --json figures.json

Ends with 0 only if the median of the rounds is at most 30 seconds.
"""

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "acceptance"))

from living import axiom, running
from volunteering import Client, client, register

LIMIT = 30.0
_PATIENCE = 180.0
_STEPS = {  # of a client's log: the first line of each kind
    "asks": r"Sending scheduler request",
    "has work": r"got 1 new tasks",
    "computes": r"Starting task",
    "is done": r"Computation for task",
    "has uploaded": r"Finished upload",
    "reports": r"Reporting 1 completed",
}


def main() -> int:
    """0 when the median came in time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    rounds = []
    with tempfile.TemporaryDirectory(prefix="axiom-attach-") as place:
        data = Path(place) / "lab"
        must(axiom("init", data, "--port", 0).returncode == 0, "no laboratory was made")
        with (data / "axiom.toml").open("a") as settings:
            settings.write("task_seconds = 3.0\n")
        with running(data, "--workers", "0", "--no-pi") as lab:
            lab.wait(lambda status: len(status["experiments"]) > 3)  # all is published, and the laboratory is at rest
            for number in range(wanted.rounds):
                rounds.append(one_round(data, lab.address, Path(place) / f"client-{number}"))
                print(" ".join(f"{step} {second:.1f}" for step, second in rounds[-1].items()), flush=True)
    median = statistics.median(one["credit"] for one in rounds)
    print(f"attach to credit: {median:.1f} s in the middle of {len(rounds)} rounds; load {os.getloadavg()[0]:.2f}")
    print(f"{'Met' if median <= LIMIT else 'MISSED'}: at most {LIMIT:.0f} s")
    if wanted.json is not None:
        wanted.json.write_text(json.dumps({"median": median, "rounds": rounds}, indent=1) + "\n", encoding="utf-8")
    return int(median > LIMIT)


def one_round(data: Path, address: str, folder: Path) -> dict[str, float]:
    """Seconds from attaching until each step, credit the last."""
    key = register(address).key
    with client(folder, address) as computer:
        must(axiom("experiment", "deploy", "test_deploy", data=data).returncode == 0, "nothing was ordered")
        began, moment = time.monotonic(), datetime.now()  # noqa: DTZ005  the client's log is in local time
        computer.say("--project_attach", address, key)
        computer.wait(lambda one: one.credit() > 0, _PATIENCE)
        credit = time.monotonic() - began
        return steps(computer, moment) | {"credit": round(credit, 1)}


def steps(computer: Client, moment: datetime) -> dict[str, float]:
    """When what happened, by the client's log, whose clock has whole seconds."""
    found = {}
    for step, words in _STEPS.items():
        line = re.search(rf"^(\S+ \S+) \[.*{words}", computer.log(), re.MULTILINE)
        if line is not None:
            at = datetime.strptime(line[1], "%d-%b-%Y %H:%M:%S")  # noqa: DTZ007  as above
            found[step] = max(0.0, (at - moment.replace(microsecond=0)).total_seconds())
    return found


def must(holds: bool, otherwise: str) -> None:
    """Without this nothing can be measured."""
    if not holds:
        sys.exit(f"{otherwise}; nothing was measured")


if __name__ == "__main__":
    sys.exit(main())

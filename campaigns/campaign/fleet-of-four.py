"""Lets four computers of three platforms and two people bring a finding as far as Strong, by the ordinary path.

Two computers have the stock Linux client, each in a network of its own; on one Wine runs Windows' runner below a client
that says it is Windows'; on one qemu runs Debian's client for arm64. The laboratory computes nothing itself. Its
experiment is published, tried in the sandbox, registered and sealed before anybody computes; what comes back is proven,
checked on other people's computers, weighed and paid. With `--keep FOLDER` the finding's archive, its script that
recomputes it and the log stay there. Needs root and 2 GB; it ends with 1 where the finding does not become Strong.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boinc_client import Client
from fleet import FOUR, fleet, shelve_runners
from running_lab import Lab, answer, running, typed

_STEP = 24  # replicates that are ordered at a time
_MOST = 240
_NUDGE = 15.0
_LONGEST = 3_000.0  # seconds by the clock
SETTINGS = "task_seconds = 2.0\n"


def main() -> int:
    """0 when one finding is Strong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", default="even_steps")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fleet-") as place:
        return _play(Path(place), wanted.experiment, wanted.keep)


def _play(place: Path, name: str, keep: Path | None) -> int:
    data = place / "lab"
    shelf = shelve_runners(place / "runners")
    _type("init", data)
    with (data / "axiom.toml").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS)
    with running(data, "--workers", "0", "--no-pi", "--runners", str(shelf)) as lab:
        for command in ("publish", "preflight"):
            _type("experiment", command, name, data=data)
        print(f"{name} is published, registered and tried", flush=True)
        began = time.monotonic()
        with fleet(lab.address, place, FOUR) as clients:
            strong = _compute(lab, data, name, clients)
        seconds = time.monotonic() - began
        _tell(lab, data, name, seconds)
        if keep and strong:
            _keep(lab, data, strong, keep)
    return 0 if strong else 1


def _compute(lab: Lab, data: Path, name: str, clients: Mapping[str, Client]) -> Any:
    """Order, call and weigh until a finding is Strong; that finding, or nothing once time is up."""
    ordered, nudged, until = 0, 0.0, time.monotonic() + _LONGEST
    while time.monotonic() < until:
        if ordered < _MOST and _open_tasks(lab) < len(clients):
            _type("experiment", "deploy", name, "--replicates", _STEP, data=data)
            ordered += _STEP
        if time.monotonic() - nudged > _NUDGE:
            nudged = time.monotonic()
            for client in clients.values():
                client.update()
        _type("session", "run", data=data)
        found = [
            finding for finding in answer("finding", "list", data=data)["findings"] if finding["grade"] == "Strong"
        ]
        if found:
            return found[0]
        time.sleep(5.0)
    return None


def _open_tasks(lab: Lab) -> int:
    return int(lab.status()["tasks"]["unsent"])


def _tell(lab: Lab, data: Path, name: str, seconds: float) -> None:
    print(f"after {seconds:.0f} s:")
    for finding in answer("finding", "list", data=data)["findings"]:
        print(json.dumps(finding))


def _keep(lab: Lab, data: Path, finding: Any, keep: Path) -> None:
    keep.mkdir(parents=True, exist_ok=True)


def _type(*words: object, data: Path | None = None) -> None:
    done = typed(*words, data=data)
    if done.returncode:
        raise SystemExit(f"axiom {' '.join(map(str, words))}: {done.stderr}{done.stdout}")


if __name__ == "__main__":
    sys.exit(main())

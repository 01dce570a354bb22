"""Lets four computers, all made on one machine, bring a finding as far as Strong by the ordinary path.

They belong to two accounts. Two have the stock Linux client, each in a network of its own; on one Wine runs Windows'
runner below a client that says it is Windows'; one is a whole computer of arm64, made by qemu, with Debian's client.
The laboratory computes nothing itself. Its experiment is published and so registered, tried in the sandbox, and only
then computed; what comes back is proven, checked on other people's computers, weighed and paid. `--keep FOLDER` leaves
the finding's archive there, which has the script that weighs it again, and the log. Needs root, 3 GB and half an hour;
it ends with 1 where nothing becomes Strong.
"""

import argparse
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from changed_database import wait_for_change
from platform_clients import fleet, laboratory, rounds, type_command
from running_lab import answer, typed

_ORDERED = 60  # replicates at a time, for whoever asks, and no more than the design was registered with
_MEANT = 12  # replicates for each of the slow computers, which would find nothing left beside the others
_WAITING = 8  # tasks; below that more are ordered
_MOST = 256
_WEIGHED = 30.0  # seconds between two sessions
_LONGEST = 3_000.0  # seconds by the clock
_ONE_MACHINE = """# One machine

All computers of this finding were made on one machine by one person: two networks with the stock Linux client, Wine
for Windows' runner below a copy of that client which says that it is Windows', and a computer of arm64 by qemu. The
two accounts are nobody else's. Its grade counts computers, accounts and platforms as the laboratory met them, and
cannot see that.
"""
_TASKS = """
SELECT h.system, h.processor, h.volunteer_id, t.state, t.cause, count(*), sum(t.agreement = 'agrees')
FROM task t JOIN host h ON h.id = t.host_id GROUP BY h.id, 4, 5 ORDER BY h.id, 4
"""
_SLOW = "SELECT id FROM host WHERE system = 'windows' OR processor = 'arm64'"
_UNSENT = """
SELECT count(*) FROM task t JOIN experiment e ON e.id = t.experiment_id WHERE t.state = 'unsent' AND e.name = ?
"""


def main() -> int:
    """0 when one finding is Strong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", default="even_steps")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fleet-") as place:
        return _play(Path(place), wanted.experiment, wanted.keep)


def _play(place: Path, name: str, keep: Path | None) -> int:
    with laboratory(place, name) as lab:
        data = lab.data
        with closing(sqlite3.connect(data / "axiom.db")) as db, fleet(lab, place) as clients:
            wait_for_change(data, lambda: len(db.execute(_SLOW).fetchall()) == 2, lambda: "a slow computer")
            for (host,) in db.execute(_SLOW).fetchall():
                type_command("experiment", "deploy", name, "--replicates", _MEANT, "--host", host, data=data)
            ordered, weighed, strong = 2 * _MEANT, 0.0, None
            for seconds in rounds(clients, _LONGEST):
                if ordered < _MOST and db.execute(_UNSENT, (name,)).fetchone()[0] < _WAITING:
                    more = min(_ORDERED, _MOST - ordered)
                    type_command("experiment", "deploy", name, "--replicates", more, data=data)
                    ordered += more
                if seconds - weighed > _WEIGHED:
                    weighed, strong = seconds, _weigh(data, name)
                if strong:
                    print(f"{ordered} replicates were ordered, and computed for {seconds:.0f} s by")
                    break
            for system, processor, owner, state, cause, count, alike in db.execute(_TASKS):
                checked = f", {alike} of them computed again elsewhere and alike" if alike else ""
                print(f"  {system} {processor} of account {owner}: {count} tasks {state} {cause or ''}{checked}")
        for finding in _findings(data, name):
            print(typed("finding", "show", finding["number"], data=data).stdout)
        if strong and keep:
            _keep(data, strong, keep)
    return 0 if strong else 1


def _weigh(data: Path, name: str) -> Any:
    """Hold a session, in which what has come back is weighed and paid; the finding that is Strong then, if any."""
    type_command("session", "run", data=data)
    return next((finding for finding in _findings(data, name) if finding["grade"] == "Strong"), None)


def _findings(data: Path, name: str) -> list[Any]:
    return [finding for finding in answer("finding", "list", data=data)["findings"] if finding["experiment"] == name]


def _keep(data: Path, finding: Any, keep: Path) -> None:
    """Leave the archive as a folder, weighed again by its own script, and the log of the sessions."""
    folder = keep / finding["experiment"]
    type_command("finding", "export", finding["number"], "--to", folder, data=data)
    done = subprocess.run([sys.executable, "recompute.py"], cwd=folder, capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr)
    newest = answer("session", "list", data=data)["sessions"][0]
    (folder / "one-machine.md").write_text(_ONE_MACHINE, encoding="utf-8")
    (folder / "log.txt").write_text(typed("session", "show", newest["name"], data=data).stdout, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

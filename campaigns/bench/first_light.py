"""From Enter to the first finding with an interval and the first picture of a map: what somebody new sees, in seconds.

Starts `axiom lab` in an empty folder, with nothing configured, three times in turn, and after each start waits for the
site, for the first stored result, for the first finding that has an interval and for the first tile of a map that can
be looked at. The packages are installed already.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

AXIOM = Path(sys.executable).parent / "axiom"
SITE_SECONDS = 15.0
FINDING_SECONDS = 120.0
PATIENCE = 300.0


def main() -> int:
    """0 when the median site and the median finding came in time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    rounds = [one_round() for _ in range(wanted.rounds)]
    medians = {name: statistics.median(turn[name] for turn in rounds) for name in rounds[0]}
    print(f"load {os.getloadavg()[0]:.2f}, {len(rounds)} rounds")
    for name, limit in (("site", SITE_SECONDS), ("result", None), ("finding", FINDING_SECONDS), ("tile", None)):
        figures = ", ".join(f"{turn[name]:.1f}" for turn in rounds)
        print(f"{name.ljust(8)} {medians[name]:6.1f} s  ({figures}){f'  at most {limit:.0f}' if limit else ''}")
    return int(medians["site"] > SITE_SECONDS or medians["finding"] > FINDING_SECONDS)


def one_round() -> dict[str, float]:
    """Seconds from the start to the site, to the first result, to the first finding and to the first tile."""
    with tempfile.TemporaryDirectory(prefix="axiom-first-") as place:
        began = time.monotonic()
        process = subprocess.Popen(
            [AXIOM, "lab", "--data", Path(place) / "lab", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            times = {"site": until(began, lambda: bool(get(f"{address}healthz")))}
            times["result"] = until(began, lambda: get(f"{address}status.json")["status"]["totals"]["result"] > 0)
            times["finding"] = until(began, lambda: has_interval(get(f"{address}findings.json")["findings"]))
            times["tile"] = until(began, lambda: any(row["first"] for row in get(f"{address}maps.json")["maps"]))
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    return times


def has_interval(findings: list[dict[str, Any]]) -> bool:
    """Does one of them say how sure it is?"""
    evidences = [finding["evidence"] for finding in findings if finding["evidence"]]
    return any(None not in evidence["interval"] for evidence in evidences)


def until(began: float, reached: Any) -> float:
    """Seconds since the beginning when something holds."""
    while time.monotonic() - began < PATIENCE:
        try:
            if reached():
                return time.monotonic() - began
        except (urllib.error.URLError, ValueError):
            pass
        time.sleep(0.1)
    raise SystemExit(f"not reached within {PATIENCE:.0f} s")


def get(address: str) -> Any:
    """What the site answers."""
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own address
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())

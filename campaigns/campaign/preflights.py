"""Sends every experiment of the catalogue through the nine gates of preflight, as a person would at a terminal.

Each is tried by `axiom experiment preflight NAME` in an empty folder. A light experiment, one replicate of which takes
at most half a minute by what it declares, must be through within a minute.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from axiom import shipped

CATALOGUE = shipped.catalogue_folder()
AXIOM = Path(sys.executable).with_name("axiom")
LIGHT = 30.0  # reference-core seconds of a replicate
MOST = 60.0  # seconds that the preflight of a light experiment may take


def main() -> int:
    """0 when every experiment passed, and the light ones in time."""
    names = [path.stem for path in sorted(CATALOGUE.glob("[a-z]*.py"))]
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", choices=[*names, []], help="some of them; else all")
    wanted = parser.parse_args().names or names
    print(f"{'experiment':<34}{'load':>6}{'configs':>9}{'seconds':>9}  verdict")
    complaints = [complaint for name in wanted for complaint in tried(name)]
    print("\n".join(complaints) or f"all {len(wanted)} passed every gate, and light ones within {MOST:.0f} s")
    return int(bool(complaints))


def tried(name: str) -> list[str]:
    """What is wrong with one experiment; its line of the table is printed."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="axiom-preflights-") as place:
        report = answer("experiment", "preflight", name, "--json", place=place)["preflight"]
        declared = answer("experiment", "show", name, "--json", place=place)["experiment"]
    verdict = "passed" if report["passed"] else f"FAILED: {report['reason']}"
    print(f"{name:<34}{load:6.1f}{report['configs']:9d}{report['seconds']:9.1f}  {verdict}", flush=True)
    alike = [gate["reason"] for gate in report["said"] if gate["gate"] == "G4" and "changes nothing" in gate["reason"]]
    print("".join(f"{'':4}{reason}\n" for reason in alike), end="", flush=True)
    problems = [] if report["passed"] else [f"{name} failed: {report['reason']}"]
    if declared["seconds"] <= LIGHT and report["seconds"] > MOST:
        problems.append(f"{name} is light, and took {report['seconds']:.0f} s of at most {MOST:.0f}")
    return problems


def answer(*words: str, place: str) -> Any:
    """What a command says in JSON."""
    began = time.monotonic()
    command = [str(AXIOM), *words, "--data", str(Path(place) / "lab")]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        spent = time.monotonic() - began
        raise SystemExit(f"{' '.join(words)} said nothing in {spent:.0f} s but: {done.stderr.strip()}") from None


if __name__ == "__main__":
    raise SystemExit(main())

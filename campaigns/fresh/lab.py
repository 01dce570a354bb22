"""Start the laboratory of this checkout, wait until its experiments have results (or more of them), stop it.

Runs on the system's own Python inside the empty root, so the standard library is all it has.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

EXPERIMENTS = {"catapult_phase", "double_descent", "optimizer_comparison"}  # the cheapest, which come first
PATIENCE_SECONDS = 240
KEPT = Path("../results.json")  # what the laboratory had when it was last stopped


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def results(port: int) -> dict[str, int]:
    """How many results each experiment has, as /status.json says; empty while nobody answers."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/status.json")
        status = json.load(connection.getresponse())["status"]
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    return {row["name"]: sum(row["results"].values()) for row in status["experiments"]}


def enough(now: dict[str, int], before: dict[str, int]) -> bool:
    """Has every experiment a result, and one of them more than before?"""
    return all(now.get(name, 0) > 0 for name in EXPERIMENTS) and sum(now.values()) > sum(before.values())


def watch(lab: subprocess.Popen[bytes], port: int, before: dict[str, int]) -> dict[str, int]:
    """Wait for enough results; an exit, a loss or too long a wait ends the campaign."""
    end = time.monotonic() + PATIENCE_SECONDS
    now: dict[str, int] = {}
    while time.monotonic() < end:
        if lab.poll() is not None:
            sys.exit(f"The laboratory ended by itself with {lab.returncode}.")
        now = results(port) or now
        if any(count < before.get(name, 0) for name, count in now.items()):
            sys.exit(f"Results were lost: {before} before, {now} now.")
        if enough(now, before):
            return now
        time.sleep(0.5)
    os.killpg(lab.pid, signal.SIGKILL)
    sys.exit(f"After {PATIENCE_SECONDS} s /status.json shows {now or 'nothing'}; there were {before}.")


def main(step: str) -> None:
    """One start, one wait, one Ctrl-C."""
    before: dict[str, int] = json.loads(KEPT.read_text(encoding="utf-8")) if step == "more" else {}
    port = free_port()
    command = ["scripts/lab", "--port", str(port), "--data", "lab-data"]
    with subprocess.Popen(command, start_new_session=True) as lab:
        now = watch(lab, port, before)
        os.killpg(lab.pid, signal.SIGINT)  # a terminal sends Ctrl-C to the whole group
        status = lab.wait(timeout=30)
    if status not in {0, 130}:
        sys.exit(f"Ctrl-C ended the laboratory with {status} instead of 130.")
    KEPT.write_text(json.dumps(now), encoding="utf-8")
    print(f"          {now}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

"""Wait until a laboratory's site answers, has a result and has a finding with an interval; say when, in seconds.

Runs on any Python of a server, so the standard library is all it has. The certificate of a trial is nobody's.
"""

import json
import ssl
import sys
import time
import urllib.request
from collections.abc import Callable
from typing import Any

PATIENCE = 600.0


def main(site: str, most: float) -> int:
    """0 when the finding came in time."""
    began = time.monotonic()
    steps: dict[str, Callable[[], bool]] = {
        "site": lambda: bool(get(site, "healthz")),
        "result": lambda: get(site, "status.json")["status"]["totals"]["result"] > 0,
        "finding": lambda: any(
            None not in finding["evidence"]["interval"]
            for finding in get(site, "findings.json")["findings"]
            if finding["evidence"]
        ),
    }
    for name, reached in steps.items():
        while not holds(reached):
            if time.monotonic() - began > PATIENCE:
                print(f"{name.ljust(8)} not reached within {PATIENCE:.0f} s")
                return 1
            time.sleep(0.2)
        print(f"{name.ljust(8)} {time.monotonic() - began:6.1f} s", flush=True)
    return int(time.monotonic() - began > most)


def holds(reached: Callable[[], bool]) -> bool:
    """Is it so? Where nobody answers yet it is not."""
    try:
        return reached()
    except (OSError, ValueError):
        return False


def get(site: str, path: str) -> Any:
    """What the site answers."""
    unproven = ssl.create_default_context()
    unproven.check_hostname, unproven.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(site + path, context=unproven, timeout=10) as reply:  # noqa: S310  our own address
        return json.loads(reply.read())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))

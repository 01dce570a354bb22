"""Starts a laboratory with five of the old laboratory's accidents in it, for a program to find and mend.

    scripts/campaign accidents-replay                       until Ctrl-C, in build/accidents
    scripts/campaign accidents-replay --data D --port 8090

It has five shipped experiments, each with a fault, one worker and the autopilot. Standard error says how a program
enters: `axiom mcp` with the token that is printed, and nothing else. You approve what it proposes, at the terminal or
on the page. The folder is one of its own, to be deleted afterwards; started again it goes on, with the same token.
"""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from accidents import ACCIDENTS, write_catalogue
from loadgen.laboratory import AXIOM

_HOW = """
A program enters with: AXIOM_TOKEN={token} {axiom} mcp --data {data}
It proposes; you approve: {axiom} proposal list --state open --data {data}
                          {axiom} proposal approve N --why '…' --data {data}
It is done when failure_list names nothing of the newest texts, and {names} have valid tasks.
"""


def prepared(data: Path) -> str:
    """The token of the program, in a laboratory that does not run."""
    file = data.with_name(f"{data.name}.token")
    if not data.exists():
        subprocess.run([AXIOM, "init", data, "--quiet"], check=True)
        with (data / "axiom.toml").open("a") as settings:
            settings.write("workers = 1\n")
        words: list[str | Path] = [
            "program",
            "add",
            "mender",
            "--may",
            "propose",
            "--limit",
            "open_proposals=5",
            "--data",
            data,
        ]
        file.write_text(subprocess.run([AXIOM, *words], check=True, capture_output=True, text=True).stdout)
        file.chmod(0o600)
    return file.read_text().strip()


def main() -> int:
    """Prepare and start it; the exit status of the laboratory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("build/accidents"))
    parser.add_argument("--port", type=int, default=8080)
    wanted, others = parser.parse_known_args()
    data = wanted.data.absolute()
    data.parent.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONPATH"] = str(write_catalogue(data.with_name(f"{data.name}.catalogue")))
    names = ", ".join(accident.experiment for accident in ACCIDENTS)
    print(_HOW.format(token=prepared(data), axiom=AXIOM, data=data, names=names), file=sys.stderr, flush=True)
    command = [AXIOM, "lab", "--data", data, "--port", str(wanted.port), *others]
    with subprocess.Popen(command) as running:
        try:
            return running.wait()
        except KeyboardInterrupt:
            running.send_signal(signal.SIGINT)
            return running.wait()


if __name__ == "__main__":
    sys.exit(main())

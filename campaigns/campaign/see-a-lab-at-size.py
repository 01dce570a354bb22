"""Shows a laboratory at size: `axiom lab`, and beside it as many computers as the old laboratory had, who play a part.

    scripts/campaign see-a-lab-at-size                          until Ctrl-C, in build/crowded
    scripts/campaign see-a-lab-at-size --computers 500 --port 8090

They speak to the scheduler in a client's own bytes. None of them computes: each waits as long as its task would take
and makes its numbers up. They are labelled, get one experiment without a claim, and are kept out of all evidence. The
folder is one of its own, to be deleted afterwards; started again it goes on. Other words go to `axiom lab`.
"""

import argparse
import contextlib
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from loadgen.laboratory import AXIOM, Laboratory
from loadgen.wire import Line
from simulation import fleet_drill
from simulation.fleet import WHOLE, Nature
from simulation.live import LiveFleet, join, natures

from axiom.rules.hosts.suitable_runners import DRILL
from axiom.service.open_laboratory import writer_of
from axiom.settings import Settings
from axiom.signed.keys import make_secrets
from axiom.store.engine.folder import Folder

TURN_SECONDS, ORDER_SECONDS = 0.5, 5.0
UNSENT = """
SELECT coalesce(sum(c.amount), 0) FROM counter c JOIN experiment e ON e.id = c.experiment_id
WHERE c.noun = 'task' AND c.state = 'unsent' AND e.name = 'fleet_drill'
"""


class Posted:
    """An upload, which is sent when it is whole."""

    waits_for_disk = False

    def __init__(self, line: Line, url: str) -> None:
        self._line, self._url, self._body = line, url, b""

    def take(self, piece: bytes) -> None:
        """One more piece."""
        self._body += piece

    def finish(self) -> Future[bytes]:
        """The answer."""
        answer = Future[bytes]()
        answer.set_result(self._line.post(self._url, self._body)[1])
        return answer

    def lose(self) -> None:
        """Nothing was sent."""


def prepared(lab: Laboratory, computers: list[Nature]) -> dict[str, str]:
    """The account keys of the fleet's volunteers, in a laboratory that has the drill and does not run."""
    if not lab.folder.exists():
        subprocess.run([AXIOM, "init", lab.folder, "--quiet"], check=True)
    lab.ask("experiment", "publish", fleet_drill.__file__)
    inside = Folder(path=lab.folder)
    writer = writer_of(inside, Settings(), lambda: datetime.now(UTC))
    writer.start()
    names = list(dict.fromkeys(nature.volunteer for nature in computers))
    try:
        secret = make_secrets(inside.keys).accounts
        return writer.run(lambda db: join(db, secret, names, datetime.now(UTC)))
    finally:
        writer.stop()


def play(lab: Laboratory, computers: list[Nature], keys: dict[str, str], running: subprocess.Popen[str]) -> None:
    """Let them take part for as long as the laboratory runs."""
    if not (running.stdout and running.stdout.readline()):  # its address
        sys.exit("The laboratory did not start; see above.")
    scheduler = lab.scheduler()
    uploads = scheduler.rpartition("/")[0] + "/file_upload_handler"
    line = Line(keep=True, timeout=60.0)
    fleet = LiveFleet(
        computers,
        keys,
        ask=lambda body: line.post(scheduler, body)[1],
        arrive=lambda _length: Posted(line, uploads),
        now=lambda: datetime.now(UTC),
    )
    print(f"{len(computers)} computers take part: {scheduler.rpartition('/')[0]}/hosts", flush=True)
    supplied = 0.0
    while running.poll() is None:
        if time.monotonic() - supplied >= ORDER_SECONDS:
            supplied = time.monotonic()
            amount = fleet.lacking(int(lab.rows(UNSENT)[0][0]))
            if amount:
                lab.ask("experiment", "deploy", DRILL, "--workunits", str(amount), "--replicates", "1")
        with contextlib.suppress(OSError):  # it ends, or is too busy: who was not answered asks again
            fleet.turn()
        time.sleep(TURN_SECONDS)


def main() -> int:
    """Prepare, start, play; the exit status of the laboratory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--computers", type=int, default=WHOLE)
    parser.add_argument("--data", type=Path, default=Path("build/crowded"), help="its folder, new or of an earlier run")
    parser.add_argument("--port", type=int, default=8080)
    wanted, others = parser.parse_known_args()
    lab, computers = Laboratory(folder=wanted.data.absolute(), port=wanted.port), natures(wanted.computers)
    keys = prepared(lab, computers)
    command: list[str | Path] = [AXIOM, "lab", "--data", lab.folder, "--port", str(wanted.port), *others]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, text=True) as running:
        try:
            play(lab, computers, keys, running)
        except KeyboardInterrupt:
            running.send_signal(signal.SIGINT)
        return running.wait()


if __name__ == "__main__":
    sys.exit(main())

"""A real laboratory to play against: in a folder of its own, served by the very command that operators type."""

import contextlib
import hashlib
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from vouching import vouch

from axiom.domain.preflights import GATES
from axiom.domain.work import TaskState
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.experiments import preflights

AXIOM = Path(sys.executable).parent / "axiom"
PAUSING = Path(__file__).with_name("pausing.py")
PROBE = Path(__file__).with_name("probe.py")
MEASURES: Mapping[str, Any] = {"value": 0.5}  # what every cell of the probe is said to have measured
MOST_AT_ONCE = 10_000  # workunits of one command

_SCHEDULER = re.compile(r'<link rel="boinc_scheduler" href="([^"]+)"')
_KEY = re.compile(r"<authenticator>\s*([0-9a-f]{32})\s*</authenticator>")
_SETTINGS = "task_seconds = 30.0\nworkers = 0\n"


@dataclass(kw_only=True)
class Laboratory:
    """A laboratory of which the server runs, or not."""

    folder: Path
    port: int
    process: subprocess.Popen[str] | None = None
    started: int = 0  # microseconds since 1970

    @classmethod
    def make(cls, folder: Path, settings: str = "") -> Self:
        """A new laboratory with the probe published; its address stays the same over restarts."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        made = cls(folder=folder, port=port)
        url = f"http://127.0.0.1:{port}/"
        subprocess.run([AXIOM, "init", folder, "--port", str(port), "--url", url, "--quiet"], check=True)
        with (folder / "axiom.toml").open("a") as file:
            file.write(_SETTINGS + settings)
        made.ask("experiment", "publish", str(PROBE))
        made._vouch()
        return made

    def _vouch(self) -> None:
        """Nobody computes the probe, so nobody tries it either: it is said to have passed."""
        folder = Folder(path=self.folder)
        db = connect_writer(folder.database)
        with db.transaction():
            for preflight in preflights.list_newest_preflights(db, GATES):
                vouch(db, preflight.bundle, datetime.now(UTC))
        db.close()

    @property
    def pid(self) -> int:
        """The server's process."""
        if self.process is None:
            raise RuntimeError("the server does not run")
        return self.process.pid

    def start(self) -> float:
        """Serve; returns after the scheduler's address was read from the site, with the seconds that took."""
        began, self.started = time.monotonic(), time.time_ns() // 1_000
        log = self.folder.with_name(f"{self.folder.name}.stderr")
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-P", PAUSING, "serve", "--data", self.folder, "--quiet"],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        address = self.process.stdout.readline().strip() if self.process.stdout else ""
        if not address:
            raise SystemExit(f"the laboratory did not start: {self.process.wait()}, {log.read_text()[-500:]}")
        self.scheduler()
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop as Ctrl-C does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=60)
            self.process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def page(self, path: str = "", **query: str) -> str:
        """A page of the site."""
        address = f"http://127.0.0.1:{self.port}/{path}"
        address += f"?{urllib.parse.urlencode(query)}" if query else ""
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - our own address
            body: bytes = answer.read()
        return body.decode()

    def scheduler(self) -> str:
        """The scheduler's address, as a client finds it."""
        match = _SCHEDULER.search(self.page())
        if match is None:
            raise SystemExit("the site's first page names no scheduler")
        return match[1]

    def accounts(self, amount: int) -> list[str]:
        """The keys of so many new accounts, made as a client makes them."""
        keys = []
        for number in range(amount):
            email = f"load{number}@example.org"
            secret = hashlib.md5(f"a long password {number}{email}".encode(), usedforsecurity=False).hexdigest()
            page = self.page("create_account.php", email_addr=email, passwd_hash=secret, user_name=f"load {number}")
            match = _KEY.search(page)
            if match is None:
                raise SystemExit(f"no account was made: {page[:500]}")
            keys.append(match[1])
        return keys

    def deploy(self, workunits: int) -> float:
        """Order so many workunits of the probe; the seconds until all of them wait to be sent."""
        began = time.monotonic()
        for done in range(0, workunits, MOST_AT_ONCE):
            amount = str(min(MOST_AT_ONCE, workunits - done))
            self.ask("experiment", "deploy", "probe", "--workunits", amount, "--replicates", "1")
        return time.monotonic() - began

    def ask(self, *words: str) -> Any:
        """What the command line answers; ends the program when it refuses."""
        done = subprocess.run(
            [AXIOM, *words, "--data", self.folder, "--json"], capture_output=True, text=True, check=False, timeout=600
        )
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise SystemExit(f"axiom {' '.join(words)} said: {done.stdout}{done.stderr}") from None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the database, through a connection of our own."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'axiom.db'}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    def tasks(self) -> dict[TaskState, int]:
        """How many tasks there are in each state, as the laboratory itself has counted."""
        counted = self.rows("SELECT state, sum(amount) FROM counter WHERE noun = 'task' GROUP BY state")
        amounts = {TaskState(state): int(amount) for state, amount in counted}
        return {state: amounts.get(state, 0) for state in TaskState}

    def credited(self) -> int:
        """How many tasks have their credit."""
        return int(self.rows("SELECT count(*) FROM award")[0][0])

    def settle(self, *, seconds: float = 120.0) -> float:
        """Wait until every returned task is judged and every valid one has its credit; the seconds that took."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            tasks = self.tasks()
            if not tasks[TaskState.RETURNED] and tasks[TaskState.VALID] == self.credited():
                return time.monotonic() - began
            time.sleep(0.05)
        raise SystemExit(f"after {seconds:g} s: {self.tasks()}, {self.credited()} of them with credit")

    def calm(self, *, seconds: float = 120.0) -> None:
        """Wait until the server has done what it does at each start: packing and publishing the catalogue."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            ((done,),) = self.rows("SELECT coalesce(max(last_ok), 0) FROM job WHERE name = 'publish'")
            if done >= self.started:
                return
            time.sleep(0.1)
        raise SystemExit(f"after {seconds:g} s the server has not published the catalogue; see its log")

    @contextlib.contextmanager
    def judging_paused(self) -> Iterator[None]:
        """Nothing is judged meanwhile, so that what a request costs can be told from what its reports cause."""
        flag = self.folder.with_name(f"{self.folder.name}.pause")
        flag.touch()
        time.sleep(0.2)
        before = self.tasks()[TaskState.VALID]
        try:
            yield
            if self.tasks()[TaskState.VALID] != before:
                raise SystemExit("tasks were judged while judging should have rested; the figures would be mixed")
        finally:
            flag.unlink()

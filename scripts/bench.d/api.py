"""What a program's request costs the server: a page read through /api/, and a command given over HTTP.

A laboratory with thousands of tasks and results is made through the store. Arms, in the same interleaved rounds, in one
process, as ASGI calls without a network:
page     the page's own .json, made new and from memory
api      the same answer through /api/, with its token looked up each time
gate     a command of a program, handed to the gate
http     the same command over HTTP: token, words, gate, answer

Ends with 0 only if no answer takes 10 ms of CPU more through /api/ than from the page, and the gate takes at most 5 ms.

    .venv/bin/python scripts/bench.d/api.py --json figures.json
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pages import NOW, furnish

import axiom
from axiom.commands.approvals import AskedPeople
from axiom.commands.gate import CommandGate
from axiom.commands.laboratory import Laboratory
from axiom.commands.links import NoteFinding
from axiom.commands.programs import AddProgram
from axiom.domain.callers import Caller
from axiom.server.http.serving import spare_the_collector
from axiom.service import standard_callers as callers
from axiom.service.open_laboratory import writer_of
from axiom.settings import Settings
from axiom.signed.keys import make_keys
from axiom.signed.program_tokens import digest, new_token
from axiom.store.engine.folder import Folder
from axiom.web.api.admission import ProgramAdmission
from axiom.web.api.app import Api, ProgramDesk
from axiom.web.site.app import Site, site

MORE_MS, GATE_MS = 10.0, 5.0
READS = ("/findings", "/findings/1", "/experiments", "/experiments/lazy_vs_feature_learning", "/results", "/tasks/1")
COMMANDS = 100  # of each arm in each round
TOKEN = new_token()


@contextmanager
def opened(folder: Folder) -> Iterator[tuple[Site, CommandGate]]:
    """The site and the gate of this laboratory, and a program that may do anything a program may."""
    keys, settings = make_keys(folder.keys, NOW), Settings()
    later = NOW + timedelta(hours=1)
    writer = writer_of(folder, settings, lambda: later)
    writer.start()
    laboratory = Laboratory(folder=folder, keys=keys, settings=settings, package=Path(axiom.__file__).parent)
    gate = CommandGate(writer=writer, laboratory=laboratory, now=lambda: later)
    gate.submit(
        AddProgram(program="bench", may="operate", token=digest(TOKEN), limits={"finding.note": 1e6}),
        callers.operator(),
    )
    pages = Site(folder=folder, name="Bench", now=lambda: later, live=dict)
    try:
        yield pages, gate
    finally:
        pages.readers.close()
        writer.stop()


async def ask(app: Any, method: str, path: str, body: bytes = b"") -> None:
    """One request, which must be answered well."""
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    headers = [
        *((b"host", b"lab.example"), (b"accept-encoding", b"gzip"), (b"content-type", b"application/json")),
        (b"authorization", f"Bearer {TOKEN}".encode()),
    ]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    await app({**scope, "raw_path": path.encode(), "scheme": "http", "server": ("lab.example", 80)}, receive, send)
    if status != 200:
        sys.exit(f"{path} answered {status}")


class Quick:
    """The API for a program that may ask as fast as it likes: what is measured is what a request costs."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        self._api._admission.buckets.clear()
        await self._api(scope, receive, send)


async def read_cost(app: Any, path: str, times: int) -> float:
    """CPU of the whole process for one answer, in milliseconds."""
    before = time.process_time()
    for _ in range(times):
        await ask(app, "GET", path)
    return (time.process_time() - before) / times * 1000


async def measure(pages: Site, gate: CommandGate, rounds: int) -> dict[str, Any]:
    """Every arm in every round."""

    def admit(token: str) -> Caller:
        with pages.readers.reader() as db:
            return callers.program(db, token, gate.now())

    spare_the_collector()
    sites = [site(pages) for _ in range(2)]
    people = AskedPeople(gate=gate)
    apis = [
        Api(ProgramDesk(gate=gate, pages=pages, admission=ProgramAdmission(admit=admit), people=people))
        for _ in range(2)
    ]
    for fresh, kept in (sites, [api._reads for api in apis]):
        fresh._fresh, kept._fresh = 0.0, 3_600.0  # the first is never answered from memory, the second always
    made: dict[str, Any] = {"page": sites, "api": [Quick(api) for api in apis]}
    figures: dict[str, Any] = {"cold": {}, "cached": {}, "gate": [], "http": [], "loads": []}
    program, numbers = admit(TOKEN), itertools.count()
    for arm, path in itertools.product(made, READS):
        for app in made[arm]:
            await ask(app, "GET", _address(arm, path))
    for _ in range(rounds):
        figures["loads"].append(os.getloadavg()[0])
        for path, (arm, (fresh, kept)) in itertools.product(READS, made.items()):
            cold, cached = figures["cold"].setdefault(path, {}), figures["cached"].setdefault(path, {})
            cold.setdefault(arm, []).append(await read_cost(fresh, _address(arm, path), 10))
            cached.setdefault(arm, []).append(await read_cost(kept, _address(arm, path), 200))
        before = time.process_time()
        for _ in range(COMMANDS):
            gate.submit(NoteFinding(finding=1, text=f"Note {next(numbers)}", by="bench"), program)
        figures["gate"].append((time.process_time() - before) / COMMANDS * 1000)
        before = time.process_time()
        for _ in range(COMMANDS):
            body = json.dumps({"finding": 1, "text": f"Note {next(numbers)}"}).encode()
            await ask(made["api"][0], "POST", "/api/commands/finding.note", body)
        figures["http"].append((time.process_time() - before) / COMMANDS * 1000)
    return figures


def _address(arm: str, path: str) -> str:
    return f"/api{path}" if arm == "api" else f"{path}.json"


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=3_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-bench-") as place:
        folder = Folder(path=Path(place) / "lab")
        furnish(folder, options.tasks)
        with opened(folder) as (pages, gate):
            figures = asyncio.run(measure(pages, gate, options.rounds))
    missed = []
    print(f"{'answer':<42} {'page ms':>8} {'api ms':>8} {'more':>7}   {'page kept':>9} {'api kept':>9} {'more':>7}")
    for path in READS:
        middle = [statistics.median(figures[how][path][arm]) for how in ("cold", "cached") for arm in ("page", "api")]
        more, more_kept = middle[1] - middle[0], middle[3] - middle[2]
        print(
            f"{path:<42} {middle[0]:8.2f} {middle[1]:8.2f} {more:7.2f}   "
            f"{middle[2]:9.4f} {middle[3]:9.4f} {more_kept:7.4f}"
        )
        missed += [path] if max(more, more_kept) > MORE_MS else []
    gated, over_http = statistics.median(figures["gate"]), statistics.median(figures["http"])
    print(f"a command: {gated:.2f} ms in the gate, {over_http:.2f} ms over HTTP, {over_http - gated:.2f} ms more")
    print(
        f"by round, as the audit grows by {2 * COMMANDS} rows each: " + ", ".join(f"{ms:.2f}" for ms in figures["gate"])
    )
    missed += ["gate"] if gated > GATE_MS else []
    print(f"load {min(figures['loads']):.2f} to {max(figures['loads']):.2f}; {os.cpu_count()} cores")
    verdict = f"MISSED: {', '.join(missed)}" if missed else "Met"
    print(f"{verdict}: ≤ {MORE_MS:g} ms more than the page, ≤ {GATE_MS:g} ms in the gate")
    if options.json is not None:
        options.json.write_text(json.dumps(figures | {"missed": missed}, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

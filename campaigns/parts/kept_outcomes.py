"""Parts of a long campaign, side by side. What is done is kept in a file, so one that was stopped goes on."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import simulation
import world

import axiom
import axiom_weigh

Outcome = dict[str, Any]
Part = tuple[Callable[..., Outcome], tuple[Any, ...]]  # what to call, and with what


def outcomes(file: Path, jobs: int, parts: Mapping[str, Part]) -> Iterator[Outcome]:
    """What came of each part, first of those that the file has from this very program."""
    program, done = _digest(), dict[str, Outcome]()
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in (json.loads(text) for text in lines if text.endswith('"}')):  # it may have ended amid one
        if line["program"] == program and line["part"] in parts:
            done[line["part"]] = line["outcome"]
    yield from done.values()
    file.parent.mkdir(exist_ok=True)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool, file.open("a", encoding="utf-8") as written:
        waiting = {pool.submit(act, *about): part for part, (act, about) in parts.items() if part not in done}
        for future in as_completed(waiting):
            outcome = future.result()
            line = {"outcome": outcome, "part": waiting[future], "program": program}
            written.write("\n" + json.dumps(line))
            written.flush()
            yield outcome


def _digest() -> str:
    """Changes when any of the program does, or the simulation under it."""
    hashed = hashlib.sha256()
    for module in (axiom, axiom_weigh, simulation, world):
        package = Path(module.__file__ or "").parent
        for file in sorted((*package.rglob("*.py"), *package.rglob("*.sql"))):
            hashed.update(file.read_bytes())
    return hashed.hexdigest()[:16]

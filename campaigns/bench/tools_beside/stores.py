"""How each tool's own store is read: Axiom's, and those of its peers. A record is a finished cell."""

import contextlib
import csv
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from axiom.notebook.lab import open_lab

Records = tuple[Sequence[tuple[object, ...]], int]  # finished cells, a row each; and records that will never end


def read_axiom(folder: Path) -> Records:
    """Results of the laboratory; a workunit that is still open is stuck."""
    lab = open_lab(folder / "lab-data")
    rows = lab.results("mlp_sweep")
    with contextlib.closing(_sqlite(folder / "lab-data" / "axiom.db")) as db:
        ((stuck,),) = db.execute("SELECT count(*) FROM workunit WHERE state = 'open'")
    return list(zip(rows["lr"], rows["width"], rows["seed"], strict=True)), stuck


def has_result(folder: Path) -> bool:
    """Is there any result in the laboratory?"""
    with contextlib.closing(_sqlite(folder / "lab-data" / "axiom.db")) as db:
        return bool(db.execute("SELECT count(*) FROM (SELECT 1 FROM result LIMIT 1)").fetchone()[0])


def first_line(folder: Path) -> Records:
    """What the runners have kept of tasks that are not back yet: a line before the cells, then one a cell.

    A task of one cell is back within milliseconds, and its file is gone before anybody looks: then its result counts.
    """
    files = (folder / "lab-data" / "engine" / "slots").glob("*/output.jsonl")
    kept = [(file.name,) for file in files if _cells_in(file)]
    return kept or [("result",)] * has_result(folder), 0


def _cells_in(file: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes().count(b"\n") - 1
    return 0


def read_csv(folder: Path) -> Records:
    """Whole lines of results.csv."""
    lines = (folder / "results.csv").read_text().splitlines(keepends=True)
    return [tuple(row[:3]) for row in csv.reader(line for line in lines if line.endswith("\n"))], 0


def read_sacred(folder: Path) -> Records:
    """Completed records of the file observer; one that says RUNNING for ever is stuck."""
    runs, stuck = [], 0
    for file in (folder / "runs").glob("[0-9]*/run.json"):
        document = json.loads(file.read_text())
        if document["status"] == "COMPLETED":
            config = json.loads(file.with_name("config.json").read_text())
            runs.append((config["lr"], config["width"], config["seed"]))
        stuck += document["status"] == "RUNNING"
    return runs, stuck


def read_optuna(folder: Path) -> Records:
    """Complete rows of the study."""
    with contextlib.closing(_sqlite(folder / "study.db")) as db:
        rows = db.execute(
            "SELECT t.trial_id, p.param_name, p.param_value FROM trials t JOIN trial_params p USING (trial_id) "
            "WHERE t.state = 'COMPLETE' ORDER BY 1, 2"
        ).fetchall()
        ((stuck,),) = db.execute("SELECT count(*) FROM trials WHERE state = 'RUNNING'")
    values: dict[int, list[float]] = {}
    for record, _, value in rows:
        values.setdefault(record, []).append(value)
    return [tuple(value) for value in values.values()], stuck


def read_datasette(folder: Path) -> Records:
    """Rows of the table that Datasette would show."""
    with contextlib.closing(_sqlite(folder / "results.db")) as db:
        return db.execute("SELECT lr, width, seed FROM cells").fetchall(), 0


def _sqlite(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)

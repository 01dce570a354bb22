"""`axiom finding`: what is concluded so far."""

import json
from dataclasses import asdict
from typing import Any

import click

from axiom.cli.opening import reading
from axiom.cli.options import data_option, json_option, show_facts, show_json, show_table
from axiom.domain.findings import Evidence
from axiom.errors import NotFound
from axiom.store import evidence, experiments, findings
from axiom.store.database import Database
from axiom.store.folder import Folder


@click.group()
def finding() -> None:
    """Claims with a number, and how they stand."""


@finding.command("list")
@data_option
@json_option
def list_findings(folder: Folder, as_json: bool) -> None:
    """Every finding with its newest evidence."""
    with reading(folder) as db:
        rows = _findings(db)
    if as_json:
        show_json({"findings": rows})
        return
    show_table(
        ("number", "claim", "verdict", "grade", "estimate", "interval", "seeds"),
        [_line(row) for row in rows],
        none="No finding is registered yet.",
    )


@finding.command("show")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@data_option
@json_option
def show(number: int, folder: Folder, as_json: bool) -> None:
    """One finding: its evidence, what the next grade needs, and how the evidence came to be."""
    with reading(folder) as db:
        found = next((row for row in _findings(db) if row["number"] == number), None)
        history = evidence.history(db, number)
    if found is None:
        raise NotFound(f"There is no finding {number}. `axiom finding list` shows what there is.")
    found["history"] = [_evidence(one) for one in history]
    if as_json:
        show_json({"finding": found})
        return
    newest = found["evidence"] or {}
    show_facts({name: found[name] for name in ("number", "claim", "experiment", "verdict", "grade")})
    if not newest:
        click.echo("\nIt awaits its first block of replicates.")
        return
    show_facts({name: newest[name] for name in ("estimate", "low", "high", "seeds", "missing", "e_value", "hosts")})
    for heading in ("needs", "flags", "reasons"):
        if newest[heading]:
            click.echo(f"\n{heading}")
            click.echo("\n".join(f"  {line}" for line in newest[heading]))


def _findings(db: Database) -> list[dict[str, Any]]:
    newest = evidence.newest(db)
    rows = []
    for experiment in experiments.everything(db):
        for found in evidence.weighed(db, experiment.id):
            registration = findings.registration(db, found.registration_id)
            estimands = json.loads(registration.body)["estimands"] if registration else []
            claim = next((one["claim"] for one in estimands if one["name"] == found.estimand), found.estimand)
            known = newest.get(found.number)
            rows.append(
                {
                    "number": found.number,
                    "claim": claim,
                    "experiment": experiment.name,
                    "version": experiment.version,
                    "estimand": found.estimand,
                    "verdict": known.verdict.value if known else "undecided",
                    "grade": known.grade.value if known else "Awaiting",
                    "evidence": _evidence(known) if known else None,
                }
            )
    return rows


def _evidence(known: Evidence) -> dict[str, Any]:
    return {
        **asdict(known),
        "needs": list(known.needs),
        "flags": list(known.flags),
        "reasons": list(known.reasons),
    }


def _line(row: dict[str, Any]) -> tuple[Any, ...]:
    known = row["evidence"]
    if known is None:
        return (row["number"], row["claim"], row["verdict"], row["grade"], None, None, 0)
    interval = f"[{_bound(known['low'])}, {_bound(known['high'])}]"
    return (row["number"], row["claim"], row["verdict"], row["grade"], known["estimate"], interval, known["seeds"])


def _bound(value: float | None) -> str:
    return "unbounded" if value is None else f"{value:.4g}"

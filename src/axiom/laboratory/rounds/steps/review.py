"""The reviewing step: what came back since the last session, how it ended, and what was recalled meanwhile."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from axiom.domain.rounds import Note, Window
from axiom.domain.work import TaskState
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.limits import rounds as limits
from axiom.store.engine import counters
from axiom.store.engine.database import Row, from_microseconds, to_microseconds
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.rounds import rounds, session_counts

_SINGLE = re.compile(
    r"\b(replicates?|configs?|cells?|seeds?|tasks?|workunits?) [0-9][0-9, ]*[0-9]\b|"
    r"\b(replicates?|configs?|cells?|seeds?|tasks?|workunits?) [0-9]\b"
)
_MOST = 240  # characters


def review_closed_tasks(this_round: OpenRound) -> list[Note]:
    """Count each closed task and tell each recall once, ever: those from where the last round left off until now."""
    db, seen = this_round.db, rounds.read_review_stamp(this_round.db)
    window = Window(since=from_microseconds(seen), until=max(from_microseconds(seen), this_round.now))
    closed = merge_alike_reasons(
        rounds.list_closed_task_counts(db, to_microseconds(window.since), window.until), "amount", "sent"
    )
    notes = shorten_notes(
        [_note(row, this_round) for row in closed],
        "Ways in which tasks ended",
        this_round.tasks_page(),
        most=limits.ENDINGS_TOLD,
    )
    notes += [
        _recall_note(experiment)
        for experiment in experiments.list_experiment_versions(db)
        if window.holds(experiment.recalled_at)
    ]
    if not notes:
        notes = [Note(kind="review.nothing", text="No task was closed since the last session.")]
    hosts = [_host_note(row, this_round) for row in session_counts.list_task_counts_by_host(db, window)]
    return [
        *notes,
        *shorten_notes(hosts, "Hosts that returned something", this_round.tasks_page()),
        _earlier_note(this_round, window),
    ]


def merge_alike_reasons(rows: Sequence[Row], *amounts: str) -> list[dict[str, Any]]:
    """One row for all whose reasons have the same in common, with the amounts of all."""
    by_key: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in rows:
        reason = generalize_reason(row["reason"])
        key = (row["name"], row["version"], row["state"], reason if row["state"] != TaskState.VALID else "")
        if key not in by_key:
            by_key[key] = {**row, "reason": reason}
            continue
        for amount in amounts:
            by_key[key][amount] += row[amount]
    return list(by_key.values())


def _recall_note(version: StoredExperiment) -> Note:
    return Note(
        kind="experiment.recalled",
        text="{experiment} was recalled: its results stay and stay paid, and its findings have left the evidence.",
        facts={"experiment": version.whole_name},
        about=f"/experiments/{version.whole_name}",
    )


def _note(row: Mapping[str, Any], this_round: OpenRound) -> Note:
    name = f"{row['name']}@{row['version']}"
    facts = {"amount": row["amount"], "experiment": name, "state": row["state"], "sent": row["sent"]}
    about = this_round.tasks_page(experiment=name, state=row["state"])
    if row["state"] == TaskState.VALID:
        whole = row["cpu_seconds"] or 0.0
        return Note(
            kind="task.valid",
            text="{experiment}: tasks now valid: {amount}, in {seconds} core-seconds, on average {mean}.",
            facts={**facts, "seconds": round(whole, 1), "mean": round(whole / max(1, row["amount"]), 1)},
            about=about,
        )
    return Note(
        kind=f"task.{row['state']}",
        text="{experiment}: tasks now {state}: {amount}, because {reason}",
        facts={**facts, "reason": row["reason"]},
        about=about,
    )


def _host_note(row: Row, this_round: OpenRound) -> Note:
    return Note(
        kind="review.host",
        text="Host {host}: tasks {tasks}, of which valid {valid}, in {seconds} on average.",
        facts={
            "host": row["host_id"],
            "tasks": row["tasks"],
            "valid": row["valid"],
            "seconds": "an unknown time" if row["seconds"] is None else f"{row['seconds']:.1f} s",
        },
        about=this_round.tasks_page(host=row["host_id"]),
        rows={"host": f"/hosts/{row['host_id']}"},
    )


def _earlier_note(this_round: OpenRound, window: Window) -> Note:
    """What earlier rounds have reviewed, which this one leaves alone."""
    counted = counters.read_counters(this_round.db)
    closed = {state for state in TaskState if not state.is_alive}
    whole = sum(amount for (noun, _, state), amount in counted.items() if noun == "task" and state in closed)
    return Note(
        kind="review.before",
        text="Tasks that earlier sessions have reviewed and that are not counted again: {tasks}.",
        facts={"tasks": whole - session_counts.count_tasks_closed_since(this_round.db, window.since)},
        about="/results",
    )


def generalize_reason(reason: str) -> str:
    """The same sentence for every replicate, config, seed, task and workunit."""
    text = _SINGLE.sub(lambda match: f"{match[1] or match[2]} …", reason)
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"

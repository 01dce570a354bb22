"""A step of sessions: what is inside outputs whose hosts said that all went well."""

from collections.abc import Mapping
from typing import Any

from axiom.domain.sessions import Note
from axiom.domain.work import TaskState
from axiom.lab.step import Round, shortened
from axiom.lab.steps.review import together
from axiom.store.sessions import session_counts

_VERDICTS = {TaskState.INVALID: "not what was ordered", TaskState.FAILED: "an error inside"}


def inspect(held: Round) -> list[Note]:
    """Tell of every reported success that was none, by experiment and reason; also when there is none."""
    looked = session_counts.looked_into(held.db, held.window)
    rows = session_counts.contradicted(held.db, held.window)
    whole = Note(
        kind="inspect.looked",
        text="Outputs that were read: {outputs}. Of those whose hosts reported success, {refused} were refused.",
        facts={"outputs": looked, "refused": sum(int(row["tasks"]) for row in rows)},
        about=held.tasks(),
        rows={"refused": held.tasks(contradicted="yes")},
    )
    notes = [_note(row, held) for row in together(rows, "tasks")]
    return [whole, *shortened(notes, "Reasons for which outputs were refused", held.tasks(contradicted="yes"))]


def _note(row: Mapping[str, Any], held: Round) -> Note:
    name = f"{row['name']}@{row['version']}"
    return Note(
        kind="inspect.refused",
        text="{experiment}: reported as success, {what}: {tasks}, because {reason}",
        facts={
            "experiment": name,
            "what": _VERDICTS[TaskState(row["state"])],
            "tasks": row["tasks"],
            "reason": row["reason"],
        },
        about=held.tasks(experiment=name, state=row["state"], contradicted="yes"),
    )

"""A step of rounds: what is inside outputs whose hosts said that all went well."""

from collections.abc import Mapping
from typing import Any

from axiom.domain.rounds import Note
from axiom.domain.work import TaskState
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.laboratory.rounds.steps.review import merge_alike_reasons
from axiom.store.rounds import session_counts

_VERDICTS = {TaskState.INVALID: "not what was ordered", TaskState.FAILED: "an error inside"}


def tell_contradicted_outputs(this_round: OpenRound) -> list[Note]:
    """Tell of every reported success that was none, by experiment and reason; also when there is none."""
    looked = session_counts.count_examined_tasks(this_round.db, this_round.window)
    rows = session_counts.list_contradiction_counts(this_round.db, this_round.window)
    refused = this_round.tasks_page(contradicted="yes")
    whole = Note(
        kind="inspect.looked",
        text="Outputs that were read: {outputs}. Of those whose hosts reported success, {refused} were refused.",
        facts={"outputs": looked, "refused": sum(int(row["tasks"]) for row in rows)},
        about=this_round.tasks_page(),
        rows={"refused": refused},
    )
    notes = [_note(row, this_round) for row in merge_alike_reasons(rows, "tasks")]
    return [whole, *shorten_notes(notes, "Reasons for which outputs were refused", refused)]


def _note(row: Mapping[str, Any], this_round: OpenRound) -> Note:
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
        about=this_round.tasks_page(experiment=name, state=row["state"], contradicted="yes"),
    )

"""A step of rounds: what was tried out since the last one, what passed, and what still waits for it."""

from axiom.domain.preflights import GATES
from axiom.domain.rounds import Note
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.store.engine.database import Row
from axiom.store.experiments import preflights
from axiom.store.rounds import session_counts
from axiom_weigh.grouping import group_pairs


def tell_preflights(this_round: OpenRound) -> list[Note]:
    """Tell of each preflight; the trying itself is done beside rounds, in a process of its own."""
    rows_tried = session_counts.list_preflights_in_window(this_round.db, this_round.window)
    by_bundle = group_pairs(((row["bundle_digest"], row["passed"]), row) for row in rows_tried)
    notes = [_note(rows) for rows in by_bundle.values()]
    waiting = [
        preflight for preflight in preflights.list_newest_preflights(this_round.db, GATES) if preflight.passed is None
    ]
    tried = shorten_notes(notes, "Preflights", "/experiments") or [
        Note(kind="try.nothing", text="No bundle was tried since the last session.")
    ]
    if not waiting:
        return [*tried, Note(kind="try.none_waits", text="No bundle waits to be tried.", about="/status")]
    return [
        *tried,
        Note(
            kind="try.waiting",
            text="Bundles that wait for their whole preflight: {amount}, the first of {experiment}.",
            facts={"amount": len(waiting), "experiment": f"{waiting[0].name}@{waiting[0].version}"},
            about="/status",
            rows={"experiment": f"/experiments/{waiting[0].name}@{waiting[0].version}"},
        ),
    ]


def _note(rows: list[Row]) -> Note:
    """One line for all gates that ended the same; the last of them says why."""
    row = rows[-1]
    return Note(
        kind="try.passed" if row["passed"] else "try.failed",
        text="{experiment} {ended} its preflight ({gates}) on {platform}: {reason}",
        facts={
            "experiment": f"{row['name']}@{row['version']}",
            "ended": "passed" if row["passed"] else "failed",
            "gates": ", ".join(trial["gates"] for trial in rows),
            "platform": row["platform"],
            "reason": row["reason"],
        },
        about=f"/experiments/{row['name']}@{row['version']}",
    )

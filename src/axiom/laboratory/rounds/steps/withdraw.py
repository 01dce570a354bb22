"""What was taken back since the last session, by whomever, and why."""

from axiom.domain.rounds import Note
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.store.rounds import session_counts


def tell_withdrawals(this_round: OpenRound) -> list[Note]:
    """A line for each version and reason. What this session takes back itself is the next one's."""
    notes = [
        Note(
            kind="withdraw.taken_back",
            text="{experiment}: workunits taken back {workunits}, with {tasks} task(s), of which out {sent}: {reason}",
            facts={
                "experiment": f"{row['name']}@{row['version']}",
                "workunits": row["workunits"],
                "tasks": row["tasks"],
                "sent": row["sent"],
                "reason": row["reason"] or "nobody has said why",
            },
            about=this_round.tasks_page(experiment=f"{row['name']}@{row['version']}", state="aborted"),
        )
        for row in session_counts.list_abort_counts(this_round.db, this_round.window)
    ]
    return shorten_notes(notes, "Versions of which something was taken back", this_round.tasks_page(state="aborted"))

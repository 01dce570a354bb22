"""What every step of a round is given, and how its lines stay few."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.rounds import Note, Round, Window
from axiom.laboratory.policy import Policy
from axiom.limits import rounds as limits
from axiom.store.engine.database import Database
from axiom.store.rounds import rounds


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRound:
    db: Database
    round: Round
    policy: Policy
    now: datetime

    @property
    def window(self) -> Window:
        """The time of which this round tells; from the reviewing step on it stands."""
        return rounds.read_round_window(self.db, self.round)

    @property
    def whole_window(self) -> Window:
        """The time of which the session tells that this round ends; of a quiet round its own."""
        return rounds.read_session_window(self.db, self.round)

    def tasks_page(self, **filters: object) -> str:
        """The page with the tasks that this round reviewed, or this session all told."""
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return f"/sessions/{self.round.name}/tasks" + (f"?{query}" if query else "")


def shorten_notes(notes: Sequence[Note], what: str, about: str, most: int = limits.LINES_OF_A_KIND) -> list[Note]:
    """The first of them, and how many more there are on which page."""
    if len(notes) <= most:
        return list(notes)
    more = Note(
        kind=f"{notes[0].kind}.more",
        text="{what}: {more} more, beside the {named} named above.",
        facts={"what": what, "more": len(notes) - most, "named": most},
        about=about,
    )
    return [*notes[:most], more]

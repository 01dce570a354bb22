"""One finding of a paper: its fields as facts, its claim and verdict in a sentence, and its registrations."""

from functools import cached_property

from axiom.domain.evidence_cards import Citable
from axiom.domain.findings import Registration
from axiom.store.views.citable import citable
from axiom.store.views.findings import FindingView
from axiom.web.base import resolved_texts as spoken
from axiom.web.base.document import Fact, Pieces, words
from axiom.web.base.request import Reading
from axiom.web.views import evidence_cards
from axiom.web.views import findings as finding_views


class Told:
    """One finding of the paper."""

    def __init__(self, reading: Reading, standing: FindingView) -> None:
        self.reading, self.standing = reading, standing
        self.number = standing.finding.number
        self.known: Citable = citable(reading.db, [self.number])[self.number]
        self._texts = spoken.texts(standing, self.known)
        self.answer = finding_views.shown(reading, standing)

    def fact(self, name: str) -> Fact:
        """A field of it."""
        return Fact(text=self._texts[name], of=f"F{self.number}.{name}", rows=f"/findings/{self.number}")

    def other(self, name: str, text: str) -> Fact:
        """Something of it that is no field of texts."""
        return Fact(text=text, of=f"F{self.number}.{name}", rows=f"/findings/{self.number}")

    @property
    def summary(self) -> Pieces:
        """Claim, verdict and grade in one sentence."""
        names = ("answer", "claim", "estimate", "low", "high", "seeds", "missing", "verdict", "reads", "grade")
        facts = {name: self.fact(name) for name in names}
        facts["number"] = self.other("number", f"Finding {self.number}")
        if self.standing.line is None:
            return words("{number}: {answer}. Nothing is weighed yet.", **facts)
        meant = "" if facts["reads"].text == facts["verdict"].text else ", {reads}"
        return words(
            f"{{number}}: {{answer}}. The claim was: {{claim}}. {{verdict}}{meant}, grade {{grade}}: {{estimate}} "
            "[{low}, {high}] from {seeds} replicates, {missing} missing and counted at worst.",
            **facts,
        )

    @cached_property
    def feeding(self) -> list[Registration]:
        """The registrations whose replicates are its evidence."""
        return evidence_cards.feeding(self.reading, self.standing)

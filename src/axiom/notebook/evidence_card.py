"""A weighed table as a person and a program read it: one card, the same in a terminal, a notebook and JSON."""

import dataclasses
import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from axiom.decisions.evidence.rounding import around, e_told, end_told
from axiom.domain.evidence_cards import Card, Stratum
from axiom.domain.findings import Evidence, Grade, Verdict
from axiom.figures.ascii import sketch
from axiom.figures.requests import Look, Narrowing, SweepPoint
from axiom.notebook.table import facts_html

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERED = re.compile(r"\b(host|volunteer|replicate)(s?) (\d+(?:, \d+)*)\b")


_LEAST, _MOST = 1e-280, 1e280  # of what is drawn


@dataclass(frozen=True, kw_only=True)
class WeighedTable:
    """What a table says, and how sure that is. `print` it, let a notebook show it, or take `data()`."""

    name: str
    card: Card
    kind: str
    is_declared: bool
    null: float | None
    smallest: float
    bounds: tuple[float, float] | None
    is_weighed: bool  # False: it was not, and `needs` says which words would decide
    values: Sequence[float]  # that counted, in the order in which they did
    is_issued: bool  # False: that order was drawn from the seeds
    repeated: int
    waiting: int
    names: Mapping[tuple[str, int], str]  # of hosts and volunteers
    seeds: Sequence[str]
    _looks: "Callable[[], tuple[Look, ...]]"

    @property
    def evidence(self) -> Evidence:
        """Everything that was concluded."""
        return self.card.evidence

    @property
    def verdict(self) -> Verdict:
        """What the values say."""
        return self.evidence.verdict

    @property
    def grade(self) -> Grade:
        """How far that carries."""
        return self.evidence.grade

    @property
    def n_seeds(self) -> int:
        """How many seeds counted."""
        return self.evidence.seeds

    @property
    def estimate(self) -> float | None:
        """The median; of a proportion the share, of a mean the mean."""
        return self.evidence.estimate

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """Where it is with 95 %, however often anybody looks (a mean: in issue order alone); None is unbounded."""
        return self.evidence.low, self.evidence.high

    @property
    def flags(self) -> tuple[str, ...]:
        """What must be cleared up first."""
        return self._said(self.evidence.flags)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every step of the weighing."""
        return self._said(self.evidence.reasons)

    @property
    def needs(self) -> tuple[str, ...]:
        """What is missing for the next grade."""
        return self._said(self.evidence.needs)

    @cached_property
    def looks(self) -> tuple[Look, ...]:
        """What was said after the first seeds, after more, and after all."""
        return self._looks()

    @property
    def narrowing(self) -> Narrowing | None:
        """The picture of how the interval narrowed; None while there is no value."""
        if all(look.estimate is None for look in self.looks) or not self._can_be_drawn():
            return None
        return Narrowing(
            name="weighed",
            title=self._claim(),
            y=self._middle(),
            looks=self.looks,
            null=self._shown_null(),
            smallest=self.smallest,
        )

    def sketched(self) -> str:
        """The same picture in characters; empty while there is no value."""
        if not self._can_be_drawn():
            return ""
        points = [SweepPoint(x=look.seeds, median=look.estimate, low=look.low, high=look.high) for look in self.looks]
        return sketch(points, x="seeds", y=f"{self._middle()} and its 95 % interval")

    def _can_be_drawn(self) -> bool:
        """An axis needs room to add and to divide."""
        ends = [abs(end) for look in self.looks for end in (look.estimate, look.low, look.high) if end]
        return all(_LEAST < end < _MOST for end in ends)

    def svg(self) -> str:
        """The same picture as an SVG file. FigureNotDrawn says why there is none."""
        from axiom.errors import FigureNotDrawn
        from axiom.figures.drawing import Draughtsman
        from axiom.figures.palette import standalone

        request = self.narrowing
        if request is None:
            raise FigureNotDrawn("There is no value that can be drawn. The card says why, and has all that is known.")
        with Draughtsman() as draughtsman:
            return standalone(draughtsman.draw(request).svg)

    def data(self) -> dict[str, Any]:
        """One evidence card as JSON's own types."""
        found = self.evidence
        return {
            "name": self.name,
            "verdict": found.verdict.value,
            "grade": found.grade.value,
            "n_seeds": found.seeds,
            "estimate": found.estimate,
            "interval": [found.low, found.high],
            "confidence": 0.95,
            "e_value": found.e_value if self.is_weighed else None,
            "e_kind": found.e_kind if self.is_weighed else None,
            "estimand": {
                "kind": self.kind,
                "declared": self.is_declared,
                "null": self.null,
                "smallest_effect": self.smallest,
                "bounds": list(self.bounds) if self.bounds else None,
            },
            "missing": found.missing,
            "repeated_rows": self.repeated,
            "waiting": self.waiting,
            "order": "issue" if self.is_issued else "seeds",
            "hosts": found.hosts,
            "volunteers": found.volunteers,
            "platforms": found.platforms,
            "designs": found.designs,
            "needs": list(self.needs),
            "more_seeds": list(found.more) if found.more else None,
            "flags": list(self.flags),
            "reasons": list(self.reasons),
            "duplicates": [dataclasses.asdict(agreement) for agreement in found.agreements],
            "strata": [self._stratum(one) for one in self.card.strata],
            "pooled": dataclasses.asdict(self.card.pooled) if self.card.pooled else None,
            "looks": [dataclasses.asdict(look) for look in self.looks],
        }

    def __repr__(self) -> str:
        head = f"{self.name}: {self._seeds()}", "", f"{self.verdict}: {self._claim()}", f"grade: {self._graded()}", ""
        lines = list(head)
        facts = self._facts()
        width = max(len(name) for name in facts)
        lines += [f"{name.ljust(width)}  {fact}" for name, fact in facts.items()]
        for heading, texts in self._lists().items():
            lines += ["", heading, *(f"  {text}" for text in texts)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        lists = "".join(
            f"<p><b>{html.escape(heading)}</b></p><ul>{''.join(f'<li>{html.escape(text)}</li>' for text in texts)}</ul>"
            for heading, texts in self._lists().items()
        )
        facts = {"verdict": f"{self.verdict}: {self._claim()}", "grade": self._graded(), **self._facts()}
        picture = f"<pre>{html.escape(self.sketched())}</pre>"
        return facts_html(f"{self.name}: {self._seeds()}", facts) + lists + picture

    def _seeds(self) -> str:
        seeds = "1 seed" if self.n_seeds == 1 else f"{self.n_seeds:,} seeds"
        return f"{seeds}, {self.evidence.missing:,} without a value" if self.evidence.missing else seeds

    def _middle(self) -> str:
        return {"proportion": "share", "mean": "mean"}.get(self.kind, "median")

    def _shown_null(self) -> float:
        return 0.0 if self.null is None else self.null

    def _claim(self) -> str:
        """The verdict in words that need no statistics."""
        what, null = f"the {self._middle()} of the values", f"{self._shown_null():.4g}"
        return {
            Verdict.POSITIVE: f"{what} lies above {null}",
            Verdict.NEGATIVE: f"{what} lies below {null}",
            Verdict.ABSENT: f"{what} lies within {self.smallest:.4g} of {null}: nothing that matters",
            Verdict.MIXED: "the designs disagree",
            Verdict.UNDECIDED: "it cannot be said yet" if self.is_weighed else "it cannot be said from these words",
        }[self.verdict]

    def _graded(self) -> str:
        return " · ".join(f"[{one}]" if one is self.grade else str(one) for one in Grade)

    def _facts(self) -> dict[str, str]:
        found = self.evidence
        facts = {self._middle(): self._interval()}
        if self.values and self.null is not None and self.kind != "proportion":
            above = sum(value > self.null for value in self.values)
            facts[f"above {self.null:.4g}"] = f"{above:,} of {len(self.values):,} values"
        if self.is_weighed:
            facts["e-value"] = f"{_big(found.e_value)} ({found.e_kind}); 20 is enough for a verdict"
        if self.repeated or self.waiting:
            facts["left out"] = f"{self.repeated:,} further rows of the same seeds, {self.waiting:,} seeds that wait"
        facts["computed on"] = _computed(found)
        if found.more and any(found.more):
            half, most = (f"{number:,}" if number is not None else "too many" for number in found.more)
            facts["more seeds"] = f"{half} for the next grade in one case of two, {most} in nine of ten"
        return facts

    def _interval(self) -> str:
        if self.estimate is None:
            return "none: there is no value"
        bars = around(self._shown_null(), self.smallest)
        low, high = (end_told(end, bars) for end in self.interval)
        when = "every look" if self.is_issued or self.kind != "mean" else "this one look"
        return f"{self.estimate:.4g}, and 95 % sure at {when}: {low} to {high}"

    def _lists(self) -> dict[str, tuple[str, ...]]:
        heading = "what would decide" if not self.is_weighed else "for the next grade"
        lists = {heading: self.needs, "look at this first": self.flags, "why": self._steps()}
        return {heading: texts for heading, texts in lists.items() if texts}

    def _steps(self) -> tuple[str, ...]:
        """The reasons, without the last one where it only says again what is needed."""
        return tuple(text for text in self.reasons if "; the next grade needs " not in text)

    def _said(self, texts: Sequence[str]) -> tuple[str, ...]:
        """With the names that the table has for what is numbered in the weighing."""

        def named(match: re.Match[str]) -> str:
            numbers = match[3].split(", ")
            if match[1] == "replicate":
                return f"seed{match[2]} {', '.join(self.seeds[int(number)] for number in numbers)}"
            known = [self.names.get((match[1], int(number)), number) for number in numbers]
            return f"{match[1]}{match[2]} {', '.join(known)}"

        return tuple(_NUMBERED.sub(named, text) for text in texts)

    def _stratum(self, one: Stratum) -> dict[str, Any]:
        is_number = one.by in ("host", "volunteer") and one.name.isdecimal()
        name = self.names.get((one.by, int(one.name)), one.name) if is_number else one.name
        return {**dataclasses.asdict(one), "name": name}


def _computed(found: Evidence) -> str:
    if not found.hosts:
        return "hosts that are not named"
    parts = ((found.hosts, "host"), (found.volunteers, "volunteer"), (found.platforms, "platform"))
    return ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in parts)


def _big(number: float) -> str:
    return f"{math.floor(number):,}" if 1000 <= number < 1e6 else e_told(number, 3)

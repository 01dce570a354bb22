"""A weighed table as a person and a program read it: one card, the same in a terminal, a notebook and JSON."""

import dataclasses
import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from axiom_weigh.amounts import tell_amount, tell_seeds
from axiom_weigh.evidence.choice_of_statistic import Process
from axiom_weigh.evidence.finding_card import Card, Stratum
from axiom_weigh.evidence.grade_thresholds import find_next_requirements
from axiom_weigh.evidence.median_or_mean import middle_named
from axiom_weigh.evidence.rounding import e_told, end_told
from axiom_weigh.evidence.seeds_computed_again import NO_HOSTS
from axiom_weigh.evidence.size_that_matters import find_slight_side, list_bars
from axiom_weigh.evidence.sure_designs import tell_designs
from axiom_weigh.figures.ascii import sketch_sweep
from axiom_weigh.figures.picture_data import Look, Narrowing, SweepPoint
from axiom_weigh.statistics.replicates_needed import Range, fewest_deciding, until_whole
from axiom_weigh.statistics.signed_ranks import GROUP
from axiom_weigh.statistics.student import deviation_of, mean_of
from axiom_weigh.values import Evidence, Grade, Verdict
from axiom_weigh.weighing.card_text import CardText
from axiom_weigh.weighing.latex_row import write_latex_row
from axiom_weigh.weighing.one_look import CONDITION, SHORT, OneLook, look_at_pairs
from axiom_weigh.weighing.plan import LARGEST_EFFECT, LEAST_EFFECT, plan

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERED = re.compile(r"\b(host|volunteer|replicate)(s?) (\d+(?:, \d+)*)\b")


_PICTURES = (".svg", ".png", ".pdf")
_DIFFERENCES = ("contrast", "slope")
_RANKS = Process.RANKS.value
_TYPICAL = ("typical value", "median")
_WAY_UP = (
    "a column host, and seeds run again as further rows that agree: one in twenty on your own computer in a fresh "
    "process, or twenty on other people's"
)
_ASKED_ALONE = "one, asked alone; weigh all that you ask together (more words after --of, --value, files)"
_NEAR_NULL = 0.1  # of the width of an interval; whose middle lies nearer may well be without an effect
_LEAST, _MOST = 1e-280, 1e280  # of what is drawn


@dataclass(frozen=True, kw_only=True)
class WeighedTable:
    """What a table says, and how sure that is. `print` it, let a notebook show it, or take `data()`."""

    name: str
    card: Card
    kind: str
    arms: tuple[str, str] | None  # whose difference a value is: the first minus the second
    alpha: float
    is_declared: bool
    null: float | None
    smallest: float
    bounds: tuple[float, float] | None
    not_weighed: str  # why it was not, and `needs` says what would decide; empty where it was
    values: Sequence[float]  # that counted, in the order in which they did
    one_look: OneLook | None  # where nothing is decided, and few seeds counted or none are paired
    forecast: Range | None  # of further seeds to the next grade: seldom fewer, likely, seldom more
    outweighed: int | None  # so many more seeds like those so far outweigh the few without a value
    is_issued: bool  # False: in the order in which the table names seeds first
    repeated: int
    waiting: int
    names: Mapping[tuple[str, int], str]  # of hosts and volunteers
    seeds: Sequence[str]
    _digest: "Callable[[int | None], str]"
    _looks: "Callable[[], tuple[Look, ...]]"

    @property
    def evidence(self) -> Evidence:
        """Everything that was concluded."""
        return self.card.evidence

    @property
    def is_weighed(self) -> bool:
        """False where nothing could be concluded, whatever the values were."""
        return not self.not_weighed

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
        """The middle that the first line tells: `middle` names it, and `about` says what is assumed."""
        return self.evidence.estimate if self.one_look is None else self.one_look.mean

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """Where that middle is with 1 - alpha; None is unbounded. `holds_at_any_look` says for how many looks."""
        look = self.one_look or self.evidence
        return look.low, look.high

    @property
    def middle(self) -> str:
        """Which middle the first line tells, in a word or two."""
        return self.evidence.centre if self.one_look is None else "mean"

    @property
    def paper(self) -> str:
        """The line that a paper tells, such as "+0.83 (median of 16 seeds, 95 % CI 0.56 to 1.22; mean 0.85 ± 0.31)".

        Where nothing is decided, and few seeds counted or none are paired, it is what one look says.
        """
        if self.one_look is not None:
            return self._at_one_look(self.one_look)
        if self.estimate is None:
            return "no value yet"
        number = self._number(self.estimate)
        what = f"{self.evidence.centre} of {self._counted()}"
        if self.interval == (None, None):
            return f"{number} ({what}, no {self._level()} CI yet{self._spread()})"
        return f"{number} ({what}, {self._confidence()}{self._spread()}), holds however often you look"

    def _at_one_look(self, look: OneLook) -> str:
        number = self._number(look.mean)
        if look.is_paired:
            what = f"mean of {self._counted()}"
        else:
            what = f"difference of means, {look.arms[0].runs} and {look.arms[1].runs} runs that are not paired"
        interval = f"no {self._level()} CI, which takes two runs of each arm that differ"
        if look.gone:
            unknown = tell_amount(look.gone, "run")
            interval = f"no {self._level()} CI, for nobody knows what {unknown} without a value would have been"
        if look.low is not None and look.high is not None:
            interval = f"{self._level()} CI {look.low:.4g} to {look.high:.4g} {CONDITION}"
        return "; ".join([f"{number} ({what}", interval, *map(str, look.arms)]) + ")"

    def latex(self, verdict: Verdict | None = None) -> str:
        """The same as a row of a LaTeX table. Among many claims the verdict is another one where its own falls."""
        stands = verdict in (None, self.verdict)
        return write_latex_row(
            self.name,
            "" if self.estimate is None else self._number(self.estimate),
            self.interval,
            self._runs(),
            (self.verdict if verdict is None else verdict) if self.is_weighed else None,
            self.grade if stands else Grade.AWAITING,
            is_one_look=self.one_look is not None,
            about=self.about,
        )

    @property
    def about(self) -> str:
        """Which middle the first line estimates, and what is assumed, in one clause."""
        return f"this is about the mean {CONDITION}" if self.one_look else middle_named(self.evidence.e_kind)

    @property
    def row(self) -> tuple[str, ...]:
        """The same as cells beside other claims: name, estimate, interval, seeds and evidence."""
        if not self.is_weighed:
            return self.name, "not weighed", "", self._runs(), ""
        low, high = ("unbounded" if end is None else f"{end:.4g}" for end in self.interval)
        interval = "none yet" if self.interval == (None, None) else f"{low} to {high}"
        return (
            self.name,
            "none yet" if self.estimate is None else self._number(self.estimate),
            interval if self.one_look is None else f"{interval} (one look)",
            self._runs(),
            self._odds_told(),
        )

    def _runs(self) -> str:
        """How many seeds counted, or how many runs each arm has where none are paired."""
        look = self.one_look
        if look is None or look.is_paired:
            return f"{self.n_seeds:,}"
        return " and ".join(f"{arm.runs:,}" for arm in look.arms)

    def _number(self, middle: float) -> str:
        return f"{middle:+.4g}" if self._are_differences() else f"{middle:.4g}"

    def _odds(self) -> float:
        return self.evidence.e_absent if self.verdict is Verdict.ABSENT else self.evidence.e_value

    def _odds_told(self) -> str:
        return f"{e_told(self._odds())} to 1" if self._odds() >= 1.0 else "nothing so far"

    @property
    def ruled_out(self) -> float | None:
        """The smallest effect, of two digits, that would make it absent, where nothing else is near."""
        low, high, middle = self.evidence.low, self.evidence.high, self.evidence.estimate
        if self.verdict is not Verdict.UNDECIDED or not self.is_weighed or self.null is None or self.smallest:
            return None
        if low is None or high is None or middle is None or self.kind == "mean":
            return None
        if abs(middle - self.null) > _NEAR_NULL * (high - low) or self.evidence.flags:
            return None
        farthest = max(self.null - low, high - self.null)
        digit = 10.0 ** (math.floor(math.log10(farthest)) - 1) if farthest > 0 else 1.0
        return float(f"{math.ceil(farthest / digit * (1.0 + 1e-9)) * digit:.2g}")

    @property
    def flags(self) -> tuple[str, ...]:
        """What must be cleared up first."""
        return self._with_names(self.evidence.flags)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every step of the weighing, without the last one where it only says again what is needed."""
        return tuple(text for text in self._with_names(self.evidence.reasons) if "; the next grade needs " not in text)

    @property
    def needs(self) -> tuple[str, ...]:
        """What is missing for the next grade."""
        return tuple(_WAY_UP if need == NO_HOSTS else need for need in self._with_names(self.evidence.needs))

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
            y=self.evidence.centre,
            looks=self.looks,
            null=self._shown_null(),
            smallest=self.smallest,
            confidence=1 - self.alpha,
        )

    def sketched(self) -> str:
        """The same picture in characters; empty while there is no value."""
        if not self._can_be_drawn():
            return ""
        points = [SweepPoint(x=look.seeds, estimate=look.estimate, low=look.low, high=look.high) for look in self.looks]
        return sketch_sweep(points, x="seeds", y=f"{self.evidence.centre} and its {self._level()} interval")

    def _can_be_drawn(self) -> bool:
        """An axis needs room to add and to divide."""
        ends = [abs(end) for look in self.looks for end in (look.estimate, look.low, look.high) if end]
        return all(_LEAST < end < _MOST for end in ends)

    def picture(self, kind: str = ".svg") -> bytes:
        """The same picture as a file: .svg, .png or .pdf. FigureNotDrawn says why there is none."""
        from axiom_weigh.errors import FigureNotDrawn, WrongUse

        if kind.lower() not in _PICTURES:
            raise WrongUse(
                f"A picture ends in {', '.join(_PICTURES)}, and not in {kind or 'nothing'}. Nothing was drawn."
            )
        request = self.narrowing
        if request is None:
            raise FigureNotDrawn("There is no value that can be drawn. The card says why, and has all that is known.")
        from axiom_weigh.figures.drawing import pdf_of, png_of, svg_of
        from axiom_weigh.figures.palette import make_standalone_svg

        svg = svg_of(request)
        if kind.lower() == ".svg":
            return make_standalone_svg(svg).encode()
        return png_of(svg) if kind.lower() == ".png" else pdf_of(svg)

    def digest(self, seeds: int | None = None) -> str:
        """The SHA-256 of seeds and values in the order in which they counted, of the first so many or of all.

        A later look continues this one if its digest of as many seeds is this card's.
        """
        return self._digest(seeds)

    def data(self) -> dict[str, Any]:
        """One evidence card as JSON's own types."""
        evidence = self.evidence
        return {
            "name": self.name,
            "verdict": evidence.verdict.value,
            "grade": evidence.grade.value,
            "asked_alone": True,
            "n_seeds": evidence.seeds,
            "estimate": self.estimate,
            "middle": self.middle,
            "assumed": self.about,
            "interval": list(self.interval),
            "confidence": 1 - self.alpha,
            "holds_at_any_look": self.holds_at_any_look,
            "not_weighed": self.not_weighed or None,
            "paper": self.paper,
            "ruled_out": self.ruled_out,
            "one_look": self.one_look.data() if self.one_look else None,
            "mean": self._mean,
            "sd": self._sd,
            "e_value": evidence.e_value if self.is_weighed else None,
            "e_kind": evidence.e_kind if self.is_weighed else None,
            "estimand": {
                "kind": self.kind,
                "declared": self.is_declared,
                "null": self.null,
                "smallest_effect": self.smallest,
                "bounds": list(self.bounds) if self.bounds else None,
            },
            "missing": evidence.missing,
            "repeated_rows": self.repeated,
            "waiting": self.waiting,
            "order": "issue" if self.is_issued else "table",
            "digest": self.digest(),
            "hosts": evidence.hosts,
            "volunteers": evidence.volunteers,
            "platforms": evidence.platforms,
            "designs": evidence.designs,
            "by_design": dict(evidence.by_design),
            "needs": list(self.needs),
            "more_seeds": list(self.forecast) if self.forecast else None,
            "flags": list(self.flags),
            "reasons": list(self.reasons),
            "duplicates": [dataclasses.asdict(agreement) for agreement in evidence.agreements],
            "strata": [self._stratum(stratum) for stratum in self.card.strata],
            "pooled": dataclasses.asdict(self.card.pooled) if self.card.pooled else None,
            "looks": [dataclasses.asdict(look) for look in self.looks],
        }

    @cached_property
    def text(self) -> CardText:
        """All that a person reads of it but the picture, also where it is one of many claims."""
        needed = "for the next grade" if self.is_weighed else "what would decide"
        lists = {needed: self.needs, "look at this first": self.flags, "why": self.reasons}
        return CardText(
            title=f"{self.name}: {self.paper}",
            answer={str(self.verdict): self._claim(), "grade": self._graded()},
            facts=self._facts(),
            lists={heading: texts for heading, texts in lists.items() if texts},
        )

    def _text_alone(self) -> CardText:
        return dataclasses.replace(self.text, facts={**self.text.facts, "claims": _ASKED_ALONE})

    def __repr__(self) -> str:
        return str(self._text_alone())

    def _repr_html_(self) -> str:
        return f"{self._text_alone().html()}<pre>{html.escape(self.sketched())}</pre>"

    @cached_property
    def _mean(self) -> float | None:
        return mean_of(self.values) if self.values else None

    @cached_property
    def _sd(self) -> float | None:
        return deviation_of(self.values) if len(self.values) > 1 else None

    def _are_differences(self) -> bool:
        return self.arms is not None or self.kind in _DIFFERENCES

    def _counted(self) -> str:
        paired, copies, gone = "paired " if self.arms else "", self.evidence.clones, self.evidence.missing
        whole = self.n_seeds + copies
        seeds = f"1 {paired}seed" if whole == 1 else f"{whole:,} {paired}seeds"
        return f"{seeds}{f', {copies:,} with the very numbers of another' if copies else ''}" + (
            f", {gone:,} missing" if gone else ""
        )

    def _confidence(self) -> str:
        ci, bars = f"{self._level()} CI", list_bars(self._shown_null(), self.smallest)
        low, high = (None if end is None else end_told(end, bars) for end in self.interval)
        if low is None or high is None:
            return f"{ci} {'above' if high is None else 'below'} {low if high is None else high}"
        return f"{ci} {low} to {high}"

    def _level(self) -> str:
        return f"{100 * (1 - self.alpha):.6g} %"

    def _spread(self) -> str:
        if self.kind == "proportion" or self._mean is None or self.evidence.clones:
            return ""
        sd = f" ± {self._sd:.3g} sd" if self._sd is not None else ""
        return f"; mean {self._mean:.4g}{sd}"

    @property
    def holds_at_any_look(self) -> bool:
        """False where the first line says that one look was taken."""
        return self.one_look is None

    def _shown_null(self) -> float:
        return 0.0 if self.null is None else self.null

    def _claim(self) -> str:
        """The verdict in words that need no statistics."""
        null = f"{self._shown_null():.4g}"
        typically = " typically" if self.arms and self.evidence.centre in _TYPICAL else ""
        lies = f"{self._of_arms() or f'the {self.evidence.centre} of the values'}{typically} lies"
        evidence = self.evidence
        side = find_slight_side(evidence.verdict, evidence.low, evidence.high, self._shown_null())
        near = f"within {self.smallest:.4g} of {null}"
        if side:
            near = f"{'above' if side > 0 else 'below'} {null}, by less than {self.smallest:.4g}"
        claim = {
            Verdict.POSITIVE: f"{lies} above {null}",
            Verdict.NEGATIVE: f"{lies} below {null}",
            Verdict.ABSENT: f"{lies} {near}, which is too little to matter",
            Verdict.MIXED: "the designs disagree",
            Verdict.UNDECIDED: self._undecided(),
        }[self.verdict]
        return "; ".join(filter(None, [claim, tell_designs(evidence.by_design, self.verdict)]))

    def _undecided(self) -> str:
        """What can be said though nothing is decided, and why no more."""
        look, null = self.one_look, f"{self._shown_null():.4g}"
        if look is None or not (self.arms or self.is_declared):
            return self._not_known() if self.is_weighed else f"not weighed: {self.not_weighed}"
        what, side = self._of_arms() or "the mean of the values", look.side(self._shown_null())
        says = (
            f"speaks for {what} {'above' if side > 0 else 'below'} {null}"
            if side
            else f"cannot tell {what} from {null}"
        )
        if not look.is_paired:
            why = "runs that are not paired have none that holds however often you look"
        elif self.n_seeds < self._fewest():
            few = "1 seed is" if self.n_seeds == 1 else f"{self.n_seeds} seeds are"
            why = f"{few} too few for one that holds however often you look"
        else:
            why = f"one that holds however often you look takes evidence of {1 / self.alpha:.4g} to 1"
        return f"one look {says}, and is no verdict: {why}"

    def _not_known(self) -> str:
        if not self.evidence.missing:
            return "not known yet"
        missing = tell_amount(self.evidence.missing, "seed")
        return (
            f"not known yet; {missing} without a value count{'s' * (self.evidence.missing == 1)} against every verdict"
        )

    def _of_arms(self) -> str:
        return f"{self.arms[0]} − {self.arms[1]}" if self.arms else ""

    def _graded(self) -> str:
        return " · ".join(f"[{grade}]" if grade is self.grade else str(grade) for grade in Grade)

    def _facts(self) -> dict[str, str]:
        evidence, facts = self.evidence, dict[str, str]()
        if self.values and self.null is not None and self.kind != "proportion":
            above = sum(value > self.null for value in self.values)
            facts[f"above {self.null:.4g}"] = f"{above:,} of {len(self.values):,} values"
        if self.is_weighed:
            facts["evidence"] = self._evidence_told()
        if (least := self.ruled_out) is not None:
            facts["ruled out"] = (
                f"an effect of {least:g} or more; if less does not matter, --smallest-effect {least:g} decides that "
                "there is none that does"
            )
        if self.repeated or self.waiting:
            facts["left out"] = f"{self.repeated:,} further rows of the same seeds, {self.waiting:,} seeds that wait"
        facts["hosts"] = _computed(evidence)
        if ahead := self._ahead():
            facts["to decide" if self.verdict is Verdict.UNDECIDED else "next grade"] = ahead
        return facts

    def _evidence_told(self) -> str:
        """Odds of less than 1 to 1 are none: seeds that are few, or wait for others, are counted as lost until then."""
        enough = f"{1 / self.alpha:.4g} to 1"
        if self._odds() < 1.0 and self.n_seeds < self._fewest():
            return f"too few seeds to tell: a verdict takes {self._fewest()} or more, and {enough} against no effect"
        is_absent = self.verdict is Verdict.ABSENT
        against = f"an effect of {self.smallest:.4g} or more" if is_absent else "no effect"
        waiting = self._waiting_for_group()
        where = f" of whole groups of {GROUP} ({tell_amount(waiting, 'seed')} in one that is open)" if waiting else ""
        return f"{self._odds_told()} against {against}; a verdict takes {enough}{where}"

    def _fewest(self) -> int:
        """How many seeds a verdict takes at least."""
        least, _ = find_next_requirements(Grade.AWAITING) or (0, 0.0)
        return max(least, fewest_deciding(-math.log(self.alpha))) if self.evidence.e_kind == _RANKS else least

    def _ahead(self) -> str:
        """How many seeds more are likely to be needed: a forecast, or of few seeds what `--plan` says."""
        if self.outweighed is not None:
            return f"{tell_amount(self.outweighed, 'more seed')}, if they come out as those so far did"
        if (self.one_look is None or self.one_look.is_paired) and self.n_seeds >= SHORT:
            if self.forecast is None or not any(number != 0 for number in self.forecast):
                return ""
            few, likely, many = map(tell_seeds, self.forecast)
            if_any = ", if there is an effect" if self.verdict is Verdict.UNDECIDED and not self.smallest else ""
            if self.forecast[0] is None:
                return f"{few} more seeds{if_any}"
            if few == many:
                return f"likely {tell_amount(self.forecast[0], 'more seed')}{if_any}"
            return f"{few} to {many} more seeds in four cases of five, likely {likely}{if_any}"
        return self._planned()

    def _waiting_for_group(self) -> int:
        """How many seeds wait for a group of their design to be whole."""
        designs = [part for part in self.card.strata if part.by == "design" and self.evidence.e_kind == _RANKS]
        return sum((design.seeds + design.missing) % GROUP for design in designs)

    def _planned(self) -> str:
        """What `--plan` says of the effect seen."""
        effect, is_decided = self._effect_seen(), self.verdict in (Verdict.POSITIVE, Verdict.NEGATIVE)
        can_be = self.arms or (self.is_declared and self.evidence.e_kind == _RANKS)
        if effect is None or not can_be or self.evidence.missing or not (is_decided or self.one_look):
            return ""
        if not LEAST_EFFECT <= effect <= LARGEST_EFFECT:
            return "the effect seen is too small to plan for; say with --smallest-effect what would matter"
        planned = plan(effect, alpha=self.alpha)
        needed = planned.strong if is_decided else planned.verdict
        half, most = map(tell_seeds, needed)
        if self.one_look is not None and not self.one_look.is_paired:
            return (
                f"about {half} paired seeds for an effect of {effect:g} sd, as was seen, and {most} to be nine-tenths "
                "sure; fewer if runs of one seed are alike; see --plan"
            )
        more = "" if needed[0] is None else f", {needed[0] - self.n_seeds:,} more"
        if needed[0] is not None and needed[0] <= self.n_seeds:
            more = ", as many as there are" if is_decided else f"; {until_whole(self.n_seeds, 1)} more may decide it"
        return (
            f"about {half} seeds in all{more}, for an effect of {effect:g} sd, as was seen, and {most} to be "
            "nine-tenths sure; see --plan"
        )

    def _effect_seen(self) -> float | None:
        """In standard deviations of the differences, of two digits."""
        look = self.one_look or (
            look_at_pairs(self.values, (), null=self._shown_null(), alpha=0.05) if self.values else None
        )
        return None if look is None or look.effect is None else float(f"{abs(look.effect):.2g}")

    def _with_names(self, texts: Sequence[str]) -> tuple[str, ...]:
        """With the names that the table has for what is numbered in the weighing."""

        def named(match: re.Match[str]) -> str:
            numbers = match[3].split(", ")
            if match[1] == "replicate":
                return f"seed{match[2]} {', '.join(self.seeds[int(number)] for number in numbers)}"
            names = [self.names.get((match[1], int(number)), number) for number in numbers]
            return f"{match[1]}{match[2]} {', '.join(names)}"

        return tuple(_NUMBERED.sub(named, text) for text in texts)

    def _stratum(self, stratum: Stratum) -> dict[str, Any]:
        is_number = stratum.by in ("host", "volunteer") and stratum.name.isdecimal()
        name = self.names.get((stratum.by, int(stratum.name)), stratum.name) if is_number else stratum.name
        return {**dataclasses.asdict(stratum), "name": name}


def _computed(evidence: Evidence) -> str:
    if not evidence.hosts:
        return "not named"
    parts = ((evidence.hosts, "host"), (evidence.volunteers, "volunteer"), (evidence.platforms, "platform"))
    return ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in parts)

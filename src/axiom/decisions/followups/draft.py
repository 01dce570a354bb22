"""Writes a proposal out in full: what is known, what is asked, when it ends, what is expected, what it would change."""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.decisions.followups.base_rates import BaseRates, bits, predicted
from axiom.decisions.followups.subject import Config, Subject
from axiom.domain.costs import DesignCost
from axiom.domain.estimands import Direction, Prediction, prediction_data
from axiom.domain.evidence import OWN_WORDS
from axiom.domain.proposals import Admission, Proposal, Template
from axiom.domain.registrations import WORDS, Rule, StoppingRule
from axiom.limits import registrations as limits
from axiom_weigh.evidence.method import question

_NO_WORD = re.compile(r"[^a-z0-9]+")
_LONGEST = 60  # characters of a slug: it becomes the name of a design
_MARK = 6  # characters of a digest, where words would be too long


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a template says of its proposal; everything else follows from the finding."""

    template: Template
    admission: Admission
    words: str  # that tell it from others of this template and finding
    question: str
    reason: str  # why it is asked, beside what the finding says
    claim: str
    rival: str
    outcomes: tuple[str, str, str]  # what an effect above the null, none, and one below would change
    kind: str = ""
    configs: tuple[Config, ...] = ()
    estimand: Mapping[str, Any] | None = None  # of a question of its own
    stopping: StoppingRule | None = None
    effect: float = 0.0
    links: tuple[int, ...] = ()


def proposal_of(subject: Subject, draft: Draft, rates: BaseRates) -> Proposal:
    asks = draft.admission in (Admission.DESIGN, Admission.QUESTION, Admission.COHORT)
    prediction = _prediction(subject, draft, rates) if asks else None
    stopping = (draft.stopping or usual_stopping(subject)) if asks else None
    cost = subject.cost(draft.configs, stopping) if stopping else DesignCost()
    slug = _slug(f"{draft.template}-{subject.number}-{draft.words}")
    estimands = () if draft.estimand is None else (_estimand(draft.estimand, slug, prediction),)
    positive, absent, negative = draft.outcomes
    return Proposal(
        slug=slug,
        template=draft.template,
        admission=draft.admission,
        experiment=subject.experiment,
        version=subject.version,
        finding=subject.number,
        links=(subject.number, *draft.links),
        kind=draft.kind or draft.template.value,
        question=draft.question,
        motivation=f"{standing_verdict(subject)} {draft.reason}",
        claim=draft.claim,
        rival=draft.rival,
        basis=basis(subject),
        configs=draft.configs,
        estimands=estimands,
        stopping=stopping,
        core_seconds=_round(cost.likely),
        most_core_seconds=_round(cost.most),
        prediction=prediction,
        expects=_expects(subject, draft),
        effect=draft.effect if asks else None,
        is_informed=asks and draft.estimand is None,
        if_positive=positive,
        if_absent=absent,
        if_negative=negative,
        bits=round(bits(prediction), 3) if prediction else 0.0,
        depth=subject.depth + 1,
    )


def standing_verdict(subject: Subject) -> str:
    """What the finding says now, in a sentence or two."""
    evidence = subject.evidence
    low, high = ("unbounded" if end is None else f"{end:.3g}" for end in (evidence.low, evidence.high))
    number = "no estimate" if evidence.estimate is None else f"{evidence.estimate:.3g} [{low}, {high}]"
    return (
        f"Finding {subject.number} of {subject.name} claims: {subject.claim}. It is {evidence.verdict}, "
        f"{evidence.grade}: {number} after {evidence.seeds} seeds."
    )


def basis(subject: Subject) -> str:
    """What of a finding must change before it is another reason."""
    what = [subject.evidence.verdict, subject.evidence.grade, subject.status, list(subject.faults)]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def usual_stopping(subject: Subject, *, least: int = 2 * limits.SETTLED_AFTER) -> StoppingRule:
    """Twice as many seeds as the finding took, in whole blocks, and no more than any design is given."""
    wanted = min(limits.REPLICATES, max(least, 2 * subject.evidence.seeds))
    return StoppingRule(rule=Rule.SETTLED, replicates=in_blocks(subject, wanted))


def in_blocks(subject: Subject, replicates: int) -> int:
    """So many and as many more as fill the last block."""
    return math.ceil(replicates / subject.block) * subject.block


def levels_in_words(levels: Mapping[str, object]) -> str:
    return ", ".join(f"{factor}={_level(level)}" for factor, level in levels.items())


def upheld(subject: Subject) -> str:
    """The claim, or its opposite where that was found."""
    if subject.is_as_claimed:
        return subject.claim
    return str(subject.estimand.get("if_opposite") or f"the opposite holds, not that {subject.claim}")


def told_there(subject: Subject, where: str) -> dict[str, str]:
    """How the same question is told at another place: its claim, and the finding's own sentence for each answer."""
    so, opposite, absent = (str(subject.estimand.get(name, "")) for name in OWN_WORDS.values())
    if not subject.is_as_claimed:
        so, opposite = opposite, so
    words = {"claim": upheld(subject), "if_so": so, "if_opposite": opposite, "if_absent": absent}
    return {name: f"with {where}: {text}" for name, text in words.items() if text}


def told_of_arms(subject: Subject, first: str, second: str, smallest: float, expects: Direction) -> dict[str, str]:
    measure = f"in {subject.experiment} {subject.estimand['measure']}"
    more, less = (f"{measure} is {sense} with {first} than with {second}" for sense in ("higher", "lower"))
    so, opposite = (more, less) if expects is Direction.MORE else (less, more)
    absent = f"{measure} differs by less than {smallest:g} between {first} and {second}"
    return {"claim": so, "if_so": so, "if_opposite": opposite, "if_absent": absent}


def _prediction(subject: Subject, draft: Draft, rates: BaseRates) -> Prediction:
    """What is predicted of its own claim, or of the finding's where it has none."""
    estimand: Mapping[str, Any] = subject.estimand if draft.estimand is None else draft.estimand
    return predicted(
        rates,
        draft.kind or draft.template.value,
        expects=_expects(subject, draft),
        null=float(estimand["null"]),
        effect=draft.effect,
        smallest=float(estimand["smallest"]),
        bounds=question(estimand).bounds,
    )


def _expects(subject: Subject, draft: Draft) -> Direction:
    return subject.expects if draft.estimand is None else Direction(draft.estimand["expects"])


def _estimand(claim: Mapping[str, Any], slug: str, prediction: Prediction | None) -> dict[str, Any]:
    expected = prediction or Prediction(positive=0.0, negative=0.0, absent=1.0, interval=(0.0, 0.0), because="")
    return {
        **claim,
        "name": slug.replace("-", "_"),
        "prediction": prediction_data(expected),
    }


def _slug(text: str) -> str:
    words = _NO_WORD.sub("-", text.lower().replace(".", "p")).strip("-")
    if len(words) <= _LONGEST:
        return words
    return f"{words[: _LONGEST - _MARK - 1]}-{hashlib.sha256(words.encode()).hexdigest()[:_MARK]}"


def _level(level: object) -> str:
    return f"{level:g}" if isinstance(level, int | float) and not isinstance(level, bool) else str(level)


def _round(seconds: float) -> float:
    return float(f"{seconds:.4g}")


def sides(expects: Direction, as_expected: str, nothing: str, opposite: str) -> tuple[str, str, str]:
    """What each verdict would change: above the null, nothing, below it."""
    return (as_expected, nothing, opposite) if expects is Direction.MORE else (opposite, nothing, as_expected)


def same_but(estimand: Mapping[str, Any], **changes: object) -> dict[str, Any]:
    """The estimand with something else, and without what it promised of arms that are no longer its own."""
    copied = {name: value for name, value in estimand.items() if name not in ("exchangeable", "prediction", *WORDS[1:])}
    return {**copied, **changes}


def plain(configs: Sequence[Config]) -> tuple[dict[str, object], ...]:
    return tuple(dict(config) for config in configs)

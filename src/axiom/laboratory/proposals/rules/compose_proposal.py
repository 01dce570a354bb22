"""Writes a proposal out in full: what is known, what is asked, when it ends, what is expected, what it would change."""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from axiom.domain.costs import DesignCost
from axiom.domain.estimands import Direction, Prediction, find_likeliest_outcomes, prediction_data
from axiom.domain.headlines.finding_sentences import compose_claim
from axiom.domain.headlines.levels_to_tell import with_words
from axiom.domain.proposals import Admission, Proposal, Template
from axiom.domain.registrations import WORDS, Rule, StoppingRule
from axiom.laboratory.proposals.rules.base_rates import BaseRates, predict_from_base_rates, prediction_entropy
from axiom.laboratory.proposals.rules.subject import Config, Subject
from axiom.limits import registrations as limits
from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.values import Verdict

_NO_WORD = re.compile(r"[^a-z0-9]+")
_LONGEST = 60  # characters of a slug: it becomes the name of a design
_MARK = 6  # characters of a digest, where words would be too long


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposalDraft:
    """What a template says of its proposal; everything else follows from the finding."""

    template: Template
    admission: Admission
    words: str  # that tell it from others of this template and finding
    question: str
    reason: str  # why it is asked, beside what the finding says
    rival: str
    outcomes: tuple[str, str, str]  # what an effect above the null, none, and one below would change
    claim: str = ""  # of one that orders nothing; of all others it is composed from what they ask
    kind: str = ""
    configs: tuple[Config, ...] = ()
    estimand: Mapping[str, Any] | None = None  # of a question of its own
    where: Mapping[str, object] = field(default_factory=dict)  # the levels at which a finding's own question is asked
    side: Direction | None = None  # on which an effect is looked for, if it is another than the finding's
    stopping: StoppingRule | None = None
    effect: float = 0.0
    links: tuple[int, ...] = ()


def compose_proposal(subject: Subject, draft: ProposalDraft, rates: BaseRates) -> Proposal:
    asks = draft.admission in (Admission.DESIGN, Admission.QUESTION, Admission.COHORT)
    prediction = _prediction(subject, draft, rates) if asks else None
    stopping = (draft.stopping or usual_stopping(subject)) if asks else None
    cost = subject.cost(draft.configs, stopping) if stopping else DesignCost()
    slug = _slug(f"{draft.template}-{subject.number}-{draft.words}")
    claimed = _claimed(subject, draft, prediction) if prediction else {}
    claim = compose_claim(claimed) if claimed else draft.claim
    own = {**claimed, "claim": claim, "name": slug.replace("-", "_")}
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
        claim=claim,
        rival=draft.rival,
        basis=basis_digest(subject),
        configs=draft.configs,
        estimands=({**own, "prediction": prediction_data(prediction)},) if draft.estimand and prediction else (),
        stopping=stopping,
        core_seconds=_round(cost.likely),
        most_core_seconds=_round(cost.most),
        prediction=prediction,
        expects=Direction(claimed["expects"]) if claimed else subject.side,
        effect=draft.effect if asks else None,
        is_informed=asks,
        if_positive=positive,
        if_absent=absent,
        if_negative=negative,
        bits=round(prediction_entropy(prediction), 3) if prediction else 0.0,
        depth=subject.depth + 1,
        upheld_by=_upholding(subject, draft),
    )


def _upholding(subject: Subject, draft: ProposalDraft) -> tuple[Verdict, ...]:
    """Under which verdict of a question of its own the finding holds, whatever is expected of it."""
    if draft.admission is not Admission.QUESTION:
        return ()
    if draft.template is Template.INTERVENTION or (draft.side is None and not subject.has_effect):
        return (Verdict.ABSENT,)
    return (Verdict.POSITIVE if (draft.side or subject.side) is Direction.MORE else Verdict.NEGATIVE,)


def standing_verdict(subject: Subject) -> str:
    """What the finding says now, in a sentence or two."""
    evidence = subject.evidence
    return f"Finding {subject.number}: {subject.answer}. It is {evidence.grade}, after {evidence.seeds} seeds."


def basis_digest(subject: Subject) -> str:
    """What of a finding must change before it is another reason."""
    what = [subject.evidence.verdict, subject.evidence.grade, subject.status, list(subject.faults)]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def usual_stopping(subject: Subject, *, least: int = 2 * limits.SETTLED_AFTER) -> StoppingRule:
    """Twice as many seeds as the finding took, in whole blocks, and no more than any design is given."""
    wanted = min(limits.REPLICATES, max(least, 2 * subject.evidence.seeds))
    return StoppingRule(rule=Rule.SETTLED, replicates=round_up_to_blocks(subject, wanted))


def round_up_to_blocks(subject: Subject, replicates: int) -> int:
    """So many and as many more as fill the last block."""
    return math.ceil(replicates / subject.block) * subject.block


def _prediction(subject: Subject, draft: ProposalDraft, rates: BaseRates) -> Prediction:
    """What is predicted of its own claim, or of the finding's where it has none."""
    estimand: Mapping[str, Any] = subject.estimand if draft.estimand is None else draft.estimand
    return predict_from_base_rates(
        rates,
        draft.kind or draft.template.value,
        expects=draft.side or subject.side,
        null=float(estimand["null"]),
        effect=draft.effect,
        smallest=float(estimand["smallest"]),
        bounds=pose_question(estimand).bounds,
    )


def _claimed(subject: Subject, draft: ProposalDraft, prediction: Prediction) -> dict[str, Any]:
    """What is asked, with the words of its file: its claim is what is held likeliest of it."""
    estimand = subject.estimand if draft.estimand is None else draft.estimand
    arms = [{**arm, **draft.where} for arm in estimand["between"] or [{}]] if draft.where else estimand["between"]
    expects = next(side for side in Direction if side in find_likeliest_outcomes(prediction_data(prediction)))
    return with_words(
        {**estimand, "between": arms, "expects": expects.value}, subject.manifest, draft.configs or subject.configs
    )


def _slug(text: str) -> str:
    words = _NO_WORD.sub("-", text.lower().replace(".", "p")).strip("-")
    if len(words) <= _LONGEST:
        return words
    return f"{words[: _LONGEST - _MARK - 1]}-{hashlib.sha256(words.encode()).hexdigest()[:_MARK]}"


def _round(seconds: float) -> float:
    return float(f"{seconds:.4g}")


def order_by_sign(side: Direction, as_expected: str, nothing: str, opposite: str) -> tuple[str, str, str]:
    """What each verdict would change: above the null, nothing, below it."""
    return (as_expected, nothing, opposite) if side is Direction.MORE else (opposite, nothing, as_expected)


def change_estimand(estimand: Mapping[str, Any], **changes: object) -> dict[str, Any]:
    """The estimand with something else, and without what it promised of arms that are no longer its own."""
    number = ("kind", "measure", "event")
    is_same_number = all(changes.get(name, estimand.get(name)) == estimand.get(name) for name in number)
    own = {"in_words", "event", "censored"}  # of just this number
    dropped = {"exchangeable", "prediction", *own, *WORDS} - (own if is_same_number else set())
    return {name: value for name, value in estimand.items() if name not in dropped} | changes


def copy_configs(configs: Sequence[Config]) -> tuple[dict[str, object], ...]:
    return tuple(dict(config) for config in configs)

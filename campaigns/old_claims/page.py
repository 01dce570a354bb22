"""The page: what became of each old claim, in words, with its numbers then and now."""

import math
import statistics
import textwrap
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Sized
from types import MappingProxyType

from axiom.domain.evidence import Meaning
from axiom.domain.headlines.finding_sentences import compose_answer, compose_question
from axiom.domain.headlines.levels_to_tell import with_words
from axiom.domain.headlines.numbers import begin_sentence
from axiom.domain.links import AskingEstimand, Bearing, LinkKind, OldClaim
from axiom.laboratory.experiments.old_claims import OldClaims
from axiom.signed.manifests import Manifest
from axiom_weigh.amounts import tell_amount
from axiom_weigh.values import Grade
from old_claims.findings import ComputedExperiment, WeighedFinding
from old_claims.values import fact, short
from old_claims.verdict import FEW, MANY, ClaimTest, Reckoned, Reckoning, reckon, seeds_wanted
from old_claims.weigh_again import as_before

_WIDTH = 118
_NOTHING: Mapping[str, ComputedExperiment] = MappingProxyType({})
_CATALOGUE = "../../packages/axiom-catalogue/src/axiom_catalogue"
_INTRO = """
# The old claims

Axiom succeeds a laboratory that left {claims} claims in five session logs. Most of them rested on one seed, so they
were one observation, however many computers repeated it. We asked them again: each as far as the logs tell how it was
asked then, and with controls that could overturn it. The old scripts are lost, so tasks and sizes are ours, made
after what the logs tell: “stands” and “does not stand” speak of the tests below a claim, and of no more of it. This
page says what became of each.

Every number here is a typical value, a median, a mean or a share over *seeds*: independent repetitions with other data,
other starts and another order. Half of all means of two values lie above their typical value. The interval behind a
number is one of 95 % confidence, each by itself, however often anybody looks. What an effect has to reach to matter,
what was expected and what kind of number it is, by which it is weighed, were registered before any of these seeds was
computed; many expectations come from pilots. For {later} it was said only when the numbers were known which of them
test the claim: these say so, and why. Verdicts and grades are the laboratory's own;
[how sure are we?](how-sure-are-we.md) says what they mean. Each experiment was computed by one computer, so the best
grade is Moderate, however clear the numbers are: above it other people's computers have to say the same, or the same
seeds computed again.
"""
_AGAIN = """
`scripts/campaign reproduce --hours 8` computes it again or goes on where it stopped, cheapest claims first, in a
laboratory that it keeps in `build/reckoning`, and writes this page; what is written here stays until that laboratory
has as many seeds of it. `--weigh-again` computes nothing and weighs the same values by the rules of today. Where a seed
costs 30 seconds or less, {many} are asked for, else {few}; a claim with fewer is not judged. The values are in
[values.parquet](the-old-claims/values.parquet), what was concluded in [numbers.json](the-old-claims/numbers.json), and
`python docs/explanation/the-old-claims/recompute.py` computes seeds, estimate and interval of every row again, without
anything of ours.
Text, figures and numbers are CC BY 4.0.
"""
_NEW_RULES = """
## What the new weighing changed

A contrast asked against 0 was weighed by bets on the ranks of single seeds and on pairs of them, of which the first are
fair for symmetric values alone. Now all are on [pairs, in groups of four](../adr/0077-groups-of-four.md), and fair for
any law. These rules are newer than the values here; their bets were chosen by simulation. All other numbers are weighed
as they were. No value was computed again.
[earlier.json](the-old-claims/earlier.json) keeps what the earlier rules said. The pictures show medians of what each
config measured, so they stay.
"""
_MEANS = {
    Reckoning.STANDS: "every test made of it speaks for it, and no control overturns it",
    Reckoning.DEPENDS: "it holds in one setting and not in another, or something else accounts for it",
    Reckoning.TOO_SMALL: "what its tests show is smaller than what was said to matter",
    Reckoning.FALLS: "every test made of it speaks against it",
    Reckoning.UNDECIDED: "it has all its seeds, and they are not enough to say",
    Reckoning.NOT_YET: "it lacks seeds, or no experiment here covers it",
}
_WHY_THESE = " What tests it was said when the numbers were known: {why}."
_BEARINGS = {
    Bearing.SUPPORTS: "For it",
    Bearing.CONTRADICTS: "Against it",
    Bearing.SAYS_NOTHING: "Says nothing yet",
}
_CONTROLS = {
    Bearing.SUPPORTS: "A control overturns it",
    Bearing.CONTRADICTS: "A control does not overturn it",
    Bearing.SAYS_NOTHING: "A control says nothing yet",
}


def page(
    listed: OldClaims,
    experiments: Mapping[str, ComputedExperiment],
    pictures: Mapping[str, str],
    catalogue: Collection[str],
    earlier: Mapping[str, ComputedExperiment] = _NOTHING,
) -> str:
    """The whole page; `pictures` are the figures' files by experiment, seen from the page.

    `earlier` is what the same values said by the rules before.
    """
    reckoned = reckoned_of(listed, experiments)
    lines = [*_opening(reckoned, len(listed.tested_later))]
    if earlier:
        before = as_before(experiments, earlier)
        lines += [*_NEW_RULES.strip().split("\n"), ""]
        lines += [
            *_findings_changed(before, experiments),
            *_claims_changed(listed.claims, reckoned_of(listed, before), reckoned),
        ]
    for name in dict.fromkeys(claim.experiment for claim in listed.claims if claim.experiment in experiments):
        claims = [claim for claim in listed.claims if claim.experiment == name]
        lines += _section(experiments[name], claims, reckoned, experiments, pictures.get(name), listed.tested_later)
    waiting = [claim for claim in listed.claims if claim.experiment not in experiments]
    lines += _waiting(waiting, reckoned, catalogue)
    lines += _linked(listed, reckoned)
    return "\n".join(lines).rstrip() + "\n"


def reckoned_of(listed: OldClaims, experiments: Mapping[str, ComputedExperiment]) -> dict[str, Reckoned]:
    """What became of each claim."""
    return {
        claim.name: reckon([claim_test(asking, experiments) for asking in claim.askings]) for claim in listed.claims
    }


def claim_test(asking: AskingEstimand, experiments: Mapping[str, ComputedExperiment]) -> ClaimTest:
    """An estimand that asks a claim, with what is known of it."""
    experiment = experiments.get(asking.experiment)
    if experiment is None:
        return ClaimTest(asking=asking, wanted=MANY)
    wanted, finding = seeds_wanted(experiment.manifest.seconds), experiment.findings.get(asking.estimand)
    if finding is None:
        return ClaimTest(asking=asking, wanted=wanted)
    return ClaimTest(asking=asking, wanted=wanted, seeds=finding.seeds, footing=finding.footing)


def _opening(reckoned: Mapping[str, Reckoned], later: int) -> Iterator[str]:
    amounts = Counter(outcome.reckoning for outcome in reckoned.values())
    yield _INTRO.format(claims=len(reckoned), later=tell_amount(later, "claim")).strip()
    yield ""
    yield "| what became of it | claims | which means |"
    yield "|---|---|---|"
    yield from (f"| {kind} | {amounts[kind]} | {_MEANS[kind]} |" for kind in Reckoning)
    judged = len(reckoned) - amounts[Reckoning.NOT_YET] - amounts[Reckoning.UNDECIDED]
    yield ""
    yield f"So far {judged} of {tell_amount(len(reckoned), 'claim')} are judged."
    yield _AGAIN.format(many=MANY, few=FEW)


def _findings_changed(before: Mapping[str, ComputedExperiment], now: Mapping[str, ComputedExperiment]) -> Iterator[str]:
    """How intervals changed, and each finding with another verdict or grade."""
    pairs = {
        f"{name}.{estimand}": (before[name].findings[estimand], finding)
        for name, experiment in now.items()
        for estimand, finding in experiment.findings.items()
    }
    yield _wrapped(_widths([(old, new) for old, new in pairs.values() if new.conclusion.centre == "typical value"]))
    yield ""
    others = {name: pair for name, pair in pairs.items() if _meaning_and_grade(pair[0]) != _meaning_and_grade(pair[1])}
    yield f"{len(others) or 'None'} of {tell_amount(len(pairs), 'finding')} have another verdict or grade{_end(others)}"
    yield ""
    for name, (old, new) in others.items():
        then, today = (
            f"**{finding.conclusion.verdict}** ({finding.conclusion.grade}), {fact(finding)}" for finding in (old, new)
        )
        manifest = now[name.partition(".")[0]].manifest
        question = compose_question(with_words(new.estimand, manifest, manifest.configs))
        yield f"- `{name}`: {question} Before {then}; now {today}."
    if others:
        yield ""


def _claims_changed(
    claims: Sequence[OldClaim], before: Mapping[str, Reckoned], now: Mapping[str, Reckoned]
) -> Iterator[str]:
    """Each claim of which something else became."""
    others = [claim for claim in claims if before[claim.name].reckoning != now[claim.name].reckoning]
    yield f"{len(others) or 'None'} of {tell_amount(len(claims), 'claim')} came out otherwise{_end(others)}"
    yield ""
    for claim in others:
        then, today = before[claim.name].reckoning, now[claim.name].reckoning
        yield f"- {begin_sentence(claim.claim)} ({_name(claim)}): before “{then}”; now “{today}”."
    if others:
        yield ""


def _meaning_and_grade(finding: WeighedFinding) -> tuple[Meaning, Grade]:
    return finding.meaning, finding.conclusion.grade


def _end(listed: Sized) -> str:
    return ":" if listed else "."


def _widths(pairs: Sequence[tuple[WeighedFinding, WeighedFinding]]) -> str:
    """How much narrower or wider intervals became."""
    widths = [(_width(old), _width(new)) for old, new in pairs]
    narrower, wider = sum(new < old for old, new in widths), sum(new > old for old, new in widths)
    ratios = [new / old for old, new in widths if 0 < old < math.inf]
    middle = f" In the median the new one is {short(statistics.median(ratios))} times as wide." if ratios else ""
    return (
        f"Of {tell_amount(len(pairs), 'finding')} that signed ranks weigh, {narrower} have a narrower interval now, "
        f"{wider} a wider one and {len(pairs) - narrower - wider} one as wide as before.{middle}"
    )


def _width(finding: WeighedFinding) -> float:
    low, high = finding.conclusion.low, finding.conclusion.high
    return math.inf if low is None or high is None else high - low


def _section(
    experiment: ComputedExperiment,
    claims: Sequence[OldClaim],
    reckoned: Mapping[str, Reckoned],
    experiments: Mapping[str, ComputedExperiment],
    picture: str | None,
    tested_later: Mapping[str, str],
) -> Iterator[str]:
    """An experiment with the claims that it asks."""
    manifest = experiment.manifest
    yield f"## {manifest.question}"
    yield ""
    if picture and manifest.figure:
        yield f"![{manifest.figure.title}]({picture})"
        yield ""
    after = f" After {manifest.reference}." if manifest.reference else ""
    yield (
        f"[`{manifest.name}`]({_CATALOGUE}/{manifest.name}.py), version {manifest.version}: "
        f"{tell_amount(len(manifest.configs), 'config')}, {tell_amount(experiment.done, 'seed')}.{after}"
    )
    yield ""
    for claim in claims:
        yield from _claim(claim, reckoned[claim.name], experiments, tested_later.get(claim.name))


def _claim(
    claim: OldClaim, reckoned: Reckoned, experiments: Mapping[str, ComputedExperiment], later: str | None
) -> Iterator[str]:
    yield f"### Claimed: {claim.claim}"
    yield ""
    yield _wrapped(f"*Then* ({_name(claim)}): {_then(claim)}")
    yield ""
    why = _WHY_THESE.format(why=later) if later else ""
    yield _wrapped(f"*Now*: **{reckoned.reckoning}**: {reckoned.reason}.{why}")
    yield ""
    rows = [claim_test(asking, experiments) for asking in claim.askings]
    tests = [row for row in rows if row.asking.kind is LinkKind.TESTS]
    controls = [row for row in rows if row.asking.overturned_by]
    beside = [row for row in rows if row not in tests and row not in controls]
    yield from (_row(row, lead(row), experiments) for row in [*tests, *controls])
    if beside:
        yield ""
        yield "On what it depends, or what goes with it:"
        yield ""
        yield from (_row(row, "", experiments) for row in beside)
    yield ""


def _then(claim: OldClaim) -> str:
    figure = f"{claim.figure}; " if claim.figure else "no number is left; "
    return f"{figure}{claim.rests_on}; called “{claim.status}”."


def _name(claim: OldClaim) -> str:
    number = claim.name.partition("_")[0]  # what follows it is ours
    return f"{claim.source}, {number}" if number.startswith("#") else claim.source


def lead(test: ClaimTest) -> str:
    """What it means for the claim, which is told only of what has its seeds."""
    if not test.is_enough or test.footing is None:
        return "Not yet"
    if test.asking.kind is LinkKind.TESTS:
        return _BEARINGS[test.bearing]
    return _CONTROLS[test.bearing]


def _row(test: ClaimTest, lead: str, experiments: Mapping[str, ComputedExperiment]) -> str:
    """One estimand with its numbers, on one line: `recompute.py` reads it."""
    name = f"`{test.asking.experiment}.{test.asking.estimand}`"
    experiment = experiments.get(test.asking.experiment)
    finding = experiment.findings.get(test.asking.estimand) if experiment else None
    begin = f"- *{lead}*: " if lead else "- "
    if experiment is None or finding is None:
        return f"{begin}{_compose_question(test, experiment)} 0 of {test.wanted} seeds. {name}"
    wanted = "" if test.is_enough else f", of {test.wanted} that are asked for"
    answer = compose_finding_answer(experiment.manifest, finding, is_number_told=False)
    return f"{begin}{answer}. {finding.conclusion.grade}: {fact(finding)}{wanted}; {_matters(finding)}. {name}"


def compose_finding_answer(manifest: Manifest, finding: WeighedFinding, *, is_number_told: bool = True) -> str:
    """What a finding says, from its numbers alone: what its file or a log claims is said nowhere beside a verdict."""
    worded = with_words(finding.estimand, manifest, manifest.configs)
    return compose_answer(worded, finding.conclusion, finding.status, is_number_told=is_number_told)


def _compose_question(test: ClaimTest, experiment: ComputedExperiment | None) -> str:
    manifest = experiment.manifest if experiment else None
    questions = [
        compose_question(with_words(estimand, manifest, manifest.configs))
        for estimand in (manifest.estimands if manifest else ())
        if manifest and estimand["name"] == test.asking.estimand
    ]
    return questions[0] if questions else "Nothing of its experiment is computed."


def _matters(finding: WeighedFinding) -> str:
    null, smallest = finding.question.null, short(finding.question.smallest)
    return f"asked against {short(null)}, where {smallest} more or less matters" if null else f"{smallest} matters"


def _waiting(claims: Sequence[OldClaim], reckoned: Mapping[str, Reckoned], catalogue: Collection[str]) -> Iterator[str]:
    """Claims whose experiment has not computed anything."""
    if not claims:
        return
    yield "## Not yet asked"
    yield ""
    yield "Nothing of their experiments is computed here so far, so there is nothing to say of them."
    yield ""
    for claim in claims:
        name, then, why = claim.experiment, _then(claim).removesuffix("."), reckoned[claim.name].reason
        note = f"`{name}`: {why}" if name in catalogue else f"`{name}` is not written yet"
        yield f"- {begin_sentence(claim.claim)} ({_name(claim)}: {then}). {note}."
    yield ""


def _linked(listed: OldClaims, reckoned: Mapping[str, Reckoned]) -> Iterator[str]:
    """How the logs linked their claims, and what became of both ends."""
    if not listed.links:
        return
    texts = {claim.name: claim.claim for claim in listed.claims}
    yield "## How they hung together"
    yield ""
    yield "The logs also said which claim explains or rules out which. That can be no surer than its ends are."
    yield ""
    for link in listed.links:
        ends = f" *{link.kind.value}* ".join(
            f"“{texts[end]}” ({reckoned[end].reckoning})" for end in (link.source, link.target)
        )
        yield f"- {ends}. {begin_sentence(link.why)}."
    yield ""


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False))

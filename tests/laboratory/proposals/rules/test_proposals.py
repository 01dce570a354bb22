"""No proposal is made twice, no more than a cap waits, a refused one stays refused, and the autopilot has its cap."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from follow_up_subjects import RATE, TREND, manifest, said, subject, sweep
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.declaration import ValueType
from axiom.domain.estimands import Direction
from axiom.domain.evidence import Meaning
from axiom.domain.proposals import ProposalState, StoredProposal
from axiom.laboratory.proposals.rules import factor_levels
from axiom.laboratory.proposals.rules.automatic_approval import choose_admitted_proposal
from axiom.laboratory.proposals.rules.base_rates import (
    BLIND,
    BaseRates,
    EndedProposal,
    effect_ratio,
    predict_from_base_rates,
    prediction_entropy,
)
from axiom.laboratory.proposals.rules.estimated_prices import read_config_prices
from axiom.laboratory.proposals.rules.factor_levels import known_levels, why_configs_refused
from axiom.laboratory.proposals.rules.grammar import derive_followups
from axiom.laboratory.proposals.rules.made_and_lapsed import decide_proposals
from axiom.laboratory.proposals.rules.untested_explanations import UntestedExplanation, next_idea
from axiom.limits import proposals as limits
from axiom_weigh.values import Grade, Verdict

NOW = datetime(2026, 3, 2, tzinfo=UTC)
OPEN, APPROVED, REFUSED, LAPSED = [*ProposalState][:4]


def kept(proposal, number=1, state=OPEN):
    facts = dict.fromkeys(("registration_id", "session_id", "decided_at")) | {"why": "", "decided_by": ""}
    return StoredProposal(number=number, proposal=proposal, state=state, created_at=NOW, **facts)


def test_only_so_many_wait_at_once_and_few_of_one_finding():
    following = derive_followups(
        [subject(number=place, manifest=manifest(name=f"widths_{place}")) for place in range(1, 9)]
    )
    decided = decide_proposals(following, [])
    assert len(decided.new) == limits.OPEN_AT_ONCE
    assert decided.left == len(following) - limits.OPEN_AT_ONCE
    counts = [one.finding for one in decided.new]
    assert max(counts.count(number) for number in counts) <= limits.OF_ONE_FINDING
    alone = decide_proposals([one for one in following if one.finding == 1], [])
    assert len(alone.new) == limits.OF_ONE_FINDING
    assert alone.left > 0
    assert decide_proposals(following, [kept(one, place) for place, one in enumerate(decided.new)]).new == ()
    absent = said(verdict=Verdict.ABSENT, grade=Grade.STRONG)
    retiring = subject(number=2, evidence=absent, manifest=manifest(ranges={}))
    first, *_ = derive_followups([subject(), retiring])
    assert first.slug == "retire-2-absent-strong"


def test_what_tells_less_than_the_floor_for_its_cost_is_not_proposed():
    following = derive_followups([subject()])
    worths = sorted(one.per_core_hour for one in following)
    floor = worths[len(worths) // 2]
    (left,) = {decide_proposals(following[:4], [], floor=1e9).left}
    assert (decide_proposals(following, [], floor=1e9).new, left) == ((), 0)
    made = decide_proposals(following, [], floor=floor).new
    assert made
    assert all(one.per_core_hour >= floor for one in made)
    absent = said(verdict=Verdict.ABSENT, grade=Grade.STRONG)
    retiring = derive_followups([subject(number=2, evidence=absent, manifest=manifest(ranges={}))])
    assert [one.slug for one in decide_proposals(retiring, [], floor=1e9).new] == ["retire-2-absent-strong"]


@pytest.mark.parametrize(("state", "comes_back"), [(OPEN, False), (APPROVED, False), (REFUSED, False), (LAPSED, True)])
def test_a_proposal_is_never_made_twice(state, comes_back):
    first, *_ = following = derive_followups([subject()])
    new = decide_proposals(following, [kept(first, state=state)]).new
    assert (first in new) is comes_back


def test_a_refused_one_comes_back_with_other_evidence_and_what_is_outdated_lapses():
    before = next(one for one in derive_followups([subject()]) if one.slug.startswith("extremes"))
    surer = derive_followups([subject(evidence=said(grade=Grade.STRONG))])
    after = next(one for one in surer if one.slug == before.slug)
    assert decide_proposals([after], [kept(before, state=REFUSED)]).new == (after,)
    assert decide_proposals([after], [kept(before, state=APPROVED)]).new == ()
    first, second, *rest = derive_followups([subject()])
    by_hand = replace(second, author="Ada")
    decided = decide_proposals(rest, [kept(first, 1), kept(by_hand, 2)])
    assert [one.number for one in decided.lapsed] == [1]


def test_the_autopilot_approves_what_tells_most_for_its_cost_within_its_cap():
    following = derive_followups([subject()])
    waiting = [kept(one, number) for number, one in enumerate(following, start=1)]

    def next_of(hours, under_way=0.0, known=waiting):
        found = choose_admitted_proposal(known, open_core_seconds=under_way, most_core_hours=hours)
        return found and found.number

    best = max(following, key=lambda one: one.per_core_hour)
    assert waiting[next_of(1e6) - 1].proposal == best
    cheapest = min(one.core_seconds for one in following)
    assert next_of(cheapest / 3_600 * 0.999) is None
    assert next_of(cheapest / 3_600 * 1.001) is not None
    assert next_of(cheapest / 3_600 * 1.001, under_way=cheapest) is None
    assert next_of(0.0) is None
    by_hand = [kept(replace(one, author="Ada"), 1) for one in following]
    assert next_of(1e6, known=by_hand) is None, "a person's proposal waits for a person"
    assert next_of(1e6, known=[kept(best, state=APPROVED)]) is None


NARROW = manifest(ranges={"width": (4, 64), "lr": (0.01, 1.0), "noise": (0.0, 0.5)})
LINK = UntestedExplanation(link=7, source=1, target=2)
OTHER = subject(2, estimand={**RATE, "measure": "loss"})  # no rival: another measure


def basis(*subjects, explanations=(), noted=()):
    found = next_idea(subjects, explanations, noted)
    return found and found.basis


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (subject(), None),  # the range goes on, and a proposal asks there
        (subject(manifest=NARROW), "beyond widths width above 64"),
        (subject(manifest=NARROW, estimand=TREND), "beyond widths width above 64"),
        (subject(manifest=replace(NARROW, ranges={"width": (8, 256)})), "beyond widths width below 8"),
        (subject(manifest=NARROW, evidence=said(Verdict.ABSENT)), None),
        (subject(manifest=NARROW, is_settled=False, has_ended=False), None),
        (subject(manifest=NARROW, status="retired"), None),
    ],
)
def test_an_effect_at_the_end_of_the_declared_range_is_noted(one, expected):
    assert basis(one) == expected


def test_nothing_lies_beyond_the_ends_of_a_share():
    configs = tuple({"width": 8, "lr": 0.1, "noise": noise, "task": "a", "control": ""} for noise in (0.0, 0.5, 1.0))
    trend = {**TREND, "across": "noise"}
    shares = manifest(ranges={"noise": (0.0, 1.0)}, configs=configs, cell_seconds=(1.0, 1.0, 1.0))
    assert basis(subject(manifest=shares, estimand=trend)) is None
    wider = manifest(ranges={"noise": (0.0, 1.5)}, configs=configs, cell_seconds=(1.0, 1.0, 1.0))
    assert basis(subject(manifest=wider, estimand=trend)) is None  # not at its end


def test_an_explanation_that_nothing_can_test_is_noted_once():
    assert basis(subject(1), OTHER, explanations=[LINK]) == "explanation 7"
    assert basis(subject(1), explanations=[LINK]) is None
    rivals = subject(1), subject(2, estimand=RATE, means=_by_rate(), configs=_by_rate_configs())
    assert basis(*rivals, explanations=[LINK]) is None  # a proposal decides between the two
    both = subject(1, manifest=NARROW), subject(3, manifest=NARROW)
    assert basis(*both, noted={"beyond widths width above 64"}) is None
    assert basis(*both, OTHER, explanations=[LINK], noted={"beyond widths width above 64"}) == "explanation 7"


def test_a_claim_is_repeated_without_signs_that_a_terminal_obeys_and_not_at_length():
    hostile = {**TREND, "claim": "it is \x1b[2J so\n" + "very " * 200}
    found = next_idea([subject(manifest=NARROW, estimand=hostile)], [], ())
    assert (found.question + found.why).isprintable()
    assert len(found.why) < 600


def _by_rate_configs():
    return tuple({"width": 32, "lr": lr, "noise": 0.0, "task": "a", "control": ""} for lr in (0.1, 0.4))


def _by_rate():
    return tuple(zip(_by_rate_configs(), (0.1, 0.4), strict=True))


AS_SAID = {"expects": Direction.MORE, "null": 0.0, "effect": 1.0, "smallest": 0.1}


def came(kind, meaning, amount, ratio=None):
    return BaseRates(came_out={kind: [EndedProposal(kind=kind, meaning=meaning, ratio=ratio)] * amount})


KINDS = ("confirm", "dose", "extremes", "extremes of none", "generalise", "intervention", "discriminate", "power")


def test_outcomes_here_outweigh_what_was_declared():
    before = predict_from_base_rates(BaseRates(), "dose", **AS_SAID)
    after = predict_from_base_rates(came("dose", Meaning.TOO_SMALL, 20), "dose", **AS_SAID)
    assert (before.positive, before.absent) == (0.7, 0.22)
    assert after.absent == pytest.approx((4 * 0.22 + 20) / 24, abs=0.01)
    assert predict_from_base_rates(came("dose", Meaning.TOO_SMALL, 20), "extremes", **AS_SAID).positive == 0.75, (
        "of other kinds none"
    )
    assert predict_from_base_rates(came("dose", Meaning.UNDECIDED, 20), "dose", **AS_SAID).positive == 0.7
    for kind in (*KINDS, BLIND):
        share = predict_from_base_rates(BaseRates(), kind, **AS_SAID)
        assert min(share.positive, share.negative, share.absent) >= 0.01 - 1e-9
        assert 0 < prediction_entropy(share) <= 1.585


def test_a_claim_that_expects_less_has_its_chances_the_other_way_round():
    more, less = (
        predict_from_base_rates(BaseRates(), "dose", **{**AS_SAID, "expects": expects, "effect": effect})
        for expects, effect in ((Direction.MORE, 1.0), (Direction.LESS, -1.0))
    )
    assert (more.positive, more.negative) == (less.negative, less.positive)
    assert more.interval == tuple(-end for end in reversed(less.interval))


def test_the_interval_follows_the_ratios_that_were_seen_and_keeps_the_bounds():
    wide = predict_from_base_rates(BaseRates(), "generalise", **AS_SAID).interval
    assert wide == pytest.approx((0.9 - 1.2816 * 0.25, 0.9 + 1.2816 * 0.25), rel=1e-3)
    low, high = predict_from_base_rates(
        came("generalise", Meaning.AS_CLAIMED, 40, 0.5), "generalise", **AS_SAID
    ).interval
    assert 0.3 < low < 0.5 < high < 0.8
    assert predict_from_base_rates(BaseRates(), "dose", **AS_SAID, bounds=(-1.0, 1.0)).interval[1] == 1.0


@pytest.mark.parametrize(
    ("estimate", "expected", "ratio"),
    [
        (0.6, 0.5, 1.0),
        (0.35, -0.5, -0.5),
        (0.15, 0.002, 0.5),  # next to nothing was expected: 0.05 is half of what matters, and not 25 times as much
        (0.15, 0.0, None),
        (None, 0.5, None),
    ],
)
def test_an_effect_is_told_beside_no_less_than_what_matters(estimate, expected, ratio):
    found = effect_ratio(estimate, 0.1, expected=expected, smallest=0.1)
    assert found == (None if ratio is None else pytest.approx(ratio))


@settings(max_examples=40)
@given(
    st.sampled_from([*KINDS, BLIND]),
    st.lists(st.tuples(st.sampled_from(list(Meaning)), st.none() | st.floats(-1e6, 1e6)), max_size=30),
    st.sampled_from(list(Direction)),
    st.floats(-1e6, 1e6),
    st.floats(0.0, 1e3),
)
def test_whatever_came_out_it_is_a_prediction(kind, outcomes, expects, effect, smallest):
    rates = BaseRates(
        came_out={kind: [EndedProposal(kind=kind, meaning=meaning, ratio=ratio) for meaning, ratio in outcomes]}
    )
    said = predict_from_base_rates(rates, kind, expects=expects, null=0.0, effect=effect, smallest=smallest)
    assert said.positive + said.negative + said.absent == pytest.approx(1.0)
    assert said.interval[0] <= said.interval[1]


def test_a_grid_goes_from_one_end_to_the_other():
    grids = {(16, 64, 3): (16, 32, 64), (4, 256, 4): (4, 16, 64, 256)}  # the file's own levels are in equal ratios
    grids[16, 17, 5] = (16, 17)  # there is no whole number in between
    for (*ends, amount), grid in grids.items():
        assert factor_levels.levels_between(manifest(), "width", tuple(ends), amount) == grid
    assert factor_levels.levels_between(manifest(), "noise", (0.0, 0.5), 3) == (0.0, 0.25, 0.5)


def test_levels_besides_one_lie_on_both_sides_of_it():
    assert factor_levels.other_levels(manifest(), "lr", 0.1) == (0.316, 0.0316, 0.658, 0.0208)
    assert factor_levels.other_levels(manifest(), "noise", 0.0) == (0.25, 0.375)
    assert factor_levels.other_levels(manifest(), "task", "a") == ()
    assert factor_levels.other_levels(manifest(configs=(*sweep(), *sweep(task="b"))), "task", "a") == ("b",)
    declared = manifest(ranges={"lr": (0.0, 1.0), "noise": (0.0, 0.5)})
    assert factor_levels.range_ends(declared, "lr", (0.1, 0.2)) == (0.1, 1.0)
    assert factor_levels.range_ends(declared, "noise", (0.0, 0.1)) == (0.0, 0.5)


@settings(max_examples=40)
@given(st.sampled_from(["width", "lr", "noise"]), st.floats(0, 1), st.floats(0, 1), st.integers(3, 9))
def test_every_level_is_one_that_the_file_allows(factor, first, second, amount):
    declared = manifest()
    low, high = declared.ranges[factor]
    ends = sorted(low + part * (high - low) for part in (first, second))
    if declared.factors[factor] is ValueType.INT:
        ends = [round(end) for end in ends]
    found = factor_levels.levels_between(declared, factor, tuple(ends), amount) if ends[0] < ends[1] else ()
    for level in (*found, *factor_levels.other_levels(declared, factor, ends[0])):
        assert not why_configs_refused(declared, factor_levels.with_level(sweep(), factor, level))
        assert isinstance(level, int) or declared.factors[factor] is ValueType.FLOAT


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        ({"width": 16}, 2.0),  # as declared
        ({"width": 256}, 32.0),  # in proportion, as the file's own costs are
        ({"lr": 0.2, "width": 8}, 2.0),  # unknown, so in proportion
        ({"task": "b", "width": 8}, 1.0),
        ({"task": True, "width": 8}, 1.0),
        ({"noise": 0.5, "width": 8}, 1.0),  # from nothing there is no ratio
    ],
)
def test_a_config_costs_about_what_its_neighbours_do(config, seconds):
    asked = {**sweep()[0], **config}
    assert read_config_prices(manifest()).of([asked]) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"width": 257}, "width=257 is outside 4 to 256"),
        ({"lr": "fast"}, "lr=fast is outside 0.01 to 1"),
        ({"task": "b"}, "task=b is none of the levels of widths"),
        ({"control": "placebo"}, ""),  # the file's own control was computed before anything was let out
    ],
)
def test_what_the_file_does_not_allow_is_said(config, why):
    assert why_configs_refused(manifest(), [{**sweep()[0], **config}]).startswith(why)
    assert bool(why_configs_refused(manifest(), [{**sweep()[0], **config}])) is bool(why)
    # a truth is no number
    declared = manifest(ranges={}, configs=tuple({**config, "lr": 1} for config in sweep()))
    assert why_configs_refused(declared, [{**sweep()[0], "lr": True}]).startswith("lr=True is none of the levels")
    assert known_levels(declared, "control") == ["", "placebo"]

"""Each rule of the grammar by cases; and whatever the findings: inside the ranges, complete, the same every time."""

from dataclasses import replace

import pytest
from follow_up_subjects import RATE, TREND, estimand, manifest, said, subject, sweep
from headline_reader import read_headline
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.declaration import ValueType
from axiom.domain.estimands import Direction
from axiom.domain.proposals import Admission, Template, proposal_data, read_proposal
from axiom.domain.registrations import Rule
from axiom.laboratory.proposals.rules.factor_levels import why_configs_refused
from axiom.laboratory.proposals.rules.grammar import derive_followups
from axiom.laboratory.registrations.rules.acceptable_claims import estimand_fault
from axiom.limits import proposals as proposal_limits
from axiom.signed.canonical_json import canonical_bytes
from axiom_weigh.evidence.grade import EACH_DESIGN, LEANING
from axiom_weigh.statistics.estimand_arithmetic import compute_estimand
from axiom_weigh.values import Grade, Verdict

ASKS = {Admission.DESIGN, Admission.QUESTION, Admission.COHORT}


def of(template, *subjects, pairs=()):
    return [one for one in derive_followups(subjects or (subject(),), pairs) if one.template is template]


def levels(proposal, factor="width"):
    return [config[factor] for config in proposal.configs]


def test_only_what_has_ended_is_followed_and_what_came_to_light_opens_it_again():
    assert derive_followups([subject(is_settled=False, has_ended=False)]) == ()
    assert derive_followups([subject(status="suspended")]) == ()
    assert derive_followups([subject(status="retired")]) == ()
    (found,) = derive_followups([subject(status="retired", faults=("platforms disagree about it",))])
    assert (found.template, found.admission) == (Template.REOPEN, Admission.REOPEN)
    assert "platforms disagree about it" in found.motivation
    second = subject(number=2, estimand=estimand(name="by_width_again"))
    assert [one.finding for one in of(Template.DOSE, subject(), second)] == [1]


@pytest.mark.parametrize(
    ("evidence", "replicates"),
    [
        (said(more=(10, 30)), 64),
        (said(more=(10, 100)), 104),  # in whole blocks
        (said(more=(0, 0)), None),  # it lacks something else than seeds
        (said(more=(0, 0), needs=(f"{LEANING}: of host 3",)), 64),
        (said(more=(0, 0), needs=(f"{EACH_DESIGN}: wide may yet lie elsewhere",)), 64),
        (said(more=(None, None)), None),  # it will not be reached so
        (said(grade=Grade.STRONG, more=(5, 20)), 64),
        (said(seeds=1_024, more=(10, 30)), None),  # enough of this
    ],
)
def test_what_is_decided_is_confirmed_where_seeds_are_what_it_lacks(evidence, replicates):
    found = of(Template.CONFIRM, subject(evidence=evidence))
    assert [one.stopping.replicates for one in found] == ([] if replicates is None else [replicates])
    for one in found:
        assert one.admission == Admission.COHORT
        assert one.stopping.rule == Rule.UNTIL_GRADE
        assert one.is_informed
    assert of(Template.CONFIRM, subject(has_ended=False)) == []  # more of it is ordered anyway


def test_what_fails_on_every_computer_is_confirmed_and_not_extended():
    evidence = said(more=(10, 30))
    sound = derive_followups([subject(evidence=evidence)])
    failing = derive_followups([subject(evidence=evidence, failed_share=2 * proposal_limits.FAILED_SHARE)])
    assert {one.template for one in failing} == {Template.CONFIRM}
    assert {one.template for one in sound} > {Template.CONFIRM, Template.DOSE}
    assert derive_followups([subject(evidence=evidence, failed_share=proposal_limits.FAILED_SHARE)]) == sound


def test_a_claim_is_asked_where_it_leaves_a_factor_open():
    first, second = sorted(of(Template.GENERALISE), key=lambda proposal: proposal.slug)
    assert {*levels(first, "lr"), *levels(second, "noise")} == {0.316, 0.25}
    assert levels(first) == [8, 64], "only what the claim needs"
    assert first.admission == Admission.DESIGN
    assert first.estimands == ()
    assert first.stopping.rule == Rule.FIXED


def test_what_was_refused_keeps_no_other_level_or_factor_waiting():
    asked, told = frozenset(), []
    for _ in range(9):
        new = [one.slug for one in of(Template.GENERALISE, subject(decided=asked)) if one.slug not in asked]
        assert len(new) <= 2
        asked, told = asked | {*new}, told + new
    noises = {"generalise-1-noise-0p25", "generalise-1-noise-0p375"}
    rates = {f"generalise-1-lr-{rate}" for rate in ("0p316", "0p0316", "0p658", "0p0208")}
    assert {*told} >= noises | rates
    assert len({*told}) == len(told)
    assert {one.slug for one in of(Template.GENERALISE, subject(decided=asked))} == {*told}, "and may come back"


def test_a_factor_without_a_range_has_its_declared_levels_and_four_designs_suffice():
    declared = manifest(ranges={"width": (4, 256)}, configs=(*sweep(), *sweep(task="b")), cell_seconds=(1.0,) * 8)
    arms = [{"width": width, "task": "a"} for width in (64, 8)]
    assert of(Template.GENERALISE, subject(manifest=declared, estimand=estimand(between=arms))) == []
    (found,) = of(Template.GENERALISE, subject(manifest=declared, configs=sweep()))
    assert {config["task"] for config in found.configs} == {"b"}
    assert of(Template.GENERALISE, subject(feeders=4)) == []


@pytest.mark.parametrize(
    ("asked", "grid", "expects"),
    [
        (subject(), [16, 19, 23, 27, 32], Direction.MORE),  # between 16 and 32 it changed most
        (subject(estimand=TREND), [16, 19, 23, 27, 32], Direction.MORE),
        (subject(means=((sweep()[0], 0.1), (sweep()[1], 0.4))), [8, 10, 11, 13, 16], Direction.MORE),  # two are enough
        (subject(means=tuple(zip(sweep(), (0.9, 0.2, 0.15, 0.1), strict=True))), [8, 10, 11, 13, 16], Direction.LESS),
    ],
)
def test_where_a_measure_changed_most_it_is_looked_at_closer(asked, grid, expects):
    (found,) = of(Template.DOSE, asked)
    assert levels(found) == grid
    (new,) = found.estimands
    assert new["kind"] == "rank_correlation"
    assert new["across"] == "width"
    assert new["expects"] == expects.value
    assert (found.admission, found.is_informed) == (Admission.QUESTION, True)


@pytest.mark.parametrize(
    "asked",
    [
        subject(means=()),
        subject(means=tuple((config, 0.5) for config in sweep())),  # nothing changes
        subject(means=((sweep()[0], 0.1), ({**sweep()[0], "width": 9}, 0.4))),  # there is nothing in between
        subject(depth=3),
    ],
)
def test_where_nothing_is_in_between_nothing_finer_is_asked(asked):
    assert of(Template.DOSE, asked) == []


def test_the_ends_of_the_range_are_asked_for_what_was_found():
    (found,) = of(Template.EXTREMES)
    assert levels(found) == [4, 256]
    (new,) = found.estimands
    assert [arm["width"] for arm in new["between"]] == [256, 4], "the first arm stays the wide one"
    assert found.kind == "extremes"
    (trend,) = of(Template.EXTREMES, subject(estimand=TREND))
    assert levels(trend) == [4, 16, 64, 256]
    from_nothing = manifest(ranges={"width": (0, 256)})
    zero = subject(manifest=from_nothing, estimand=TREND, configs=(*sweep(), {**sweep()[0], "width": 0}))
    assert all(0 not in levels(one) for one in of(Template.EXTREMES, zero)), "nothing has no logarithm"
    turned = subject(evidence=said(verdict=Verdict.NEGATIVE, estimate=-0.3))
    (found,) = of(Template.EXTREMES, turned)
    (asked,) = found.estimands
    assert (asked["expects"], read_headline(asked["claim"]).verdict) == ("-", "effect −")
    assert found.prediction.negative > found.prediction.positive
    assert found.prediction.interval[1] < 0.1


def test_an_end_that_is_too_dear_comes_nearer_or_is_not_asked():
    dear = manifest(cell_seconds=(1.0, 8.0, 64.0, 512.0), controls=(), ranges={"width": (4, 1_024)})
    (found,) = of(Template.EXTREMES, subject(manifest=dear))
    assert levels(found)[0] == 4
    assert 64 < levels(found)[1] < 1_024
    assert f"width {levels(found)[1]:g}" in found.claim
    assert "range" not in found.if_positive
    dearest = proposal_limits.DEAREST_EXTENSION
    assert found.core_seconds <= dearest * sum(dear.cell_seconds) * 96
    dear_when_narrow = manifest(cell_seconds=(512.0, 64.0, 8.0, 1.0), controls=(), ranges={"width": (1, 70)})
    assert of(Template.EXTREMES, subject(manifest=dear_when_narrow, cell_seconds=(8 * 65.0 / dearest,))) != []
    assert of(Template.EXTREMES, subject(manifest=dear_when_narrow, cell_seconds=(8 * 20.0 / dearest,))) == []
    assert of(Template.EXTREMES, subject(manifest=manifest(ranges={"width": (8, 64)}))) == []  # nothing lies beyond


@pytest.mark.parametrize("asked", [subject(), subject(estimand=TREND)])
def test_beyond_the_levels_that_were_tried_it_is_asked_whether_the_course_goes_on(asked):
    above, below = sorted(of(Template.WIDEN, asked), key=levels, reverse=True)
    assert (levels(above)[0], levels(above)[-1]) == (64, 256)
    assert (levels(below)[0], levels(below)[-1]) == (4, 8)
    for found in (above, below):
        (new,) = found.estimands
        assert (new["kind"], new["across"], new["expects"]) == ("rank_correlation", "width", "+")
        assert read_headline(found.claim).verdict == "effect +"
        assert found.claim.endswith(f"rises with the width, from {levels(found)[0]} to {levels(found)[-1]}")
        assert len(levels(found)) > 3
    falling = replace(asked, means=tuple(zip(sweep(), (0.9, 0.2, 0.15, 0.1), strict=True)))
    assert {one.estimands[0]["expects"] for one in of(Template.WIDEN, falling)} == {"-"}


@pytest.mark.parametrize(
    "asked",
    [
        subject(means=()),
        subject(means=tuple((config, 0.5) for config in sweep())),  # there is no course that could go on
        subject(manifest=manifest(ranges={"width": (8, 66)})),  # there are too few levels beyond
        subject(evidence=said(verdict=Verdict.ABSENT)),
        subject(depth=3),
        subject(cell_seconds=(0.01,)),  # everything is too dear
    ],
)
def test_where_nothing_lies_beyond_nothing_wider_is_asked(asked):
    assert of(Template.WIDEN, asked) == []


def test_a_course_is_followed_as_far_as_it_is_not_too_dear():
    dear = manifest(cell_seconds=(1.0, 8.0, 64.0, 512.0), controls=(), ranges={"width": (8, 1_024)})
    (found,) = of(Template.WIDEN, subject(manifest=dear))
    assert levels(found)[0] == 64 < levels(found)[-1] < 1_024


def test_two_open_factors_are_moved_at_once_in_a_claim_of_its_own():
    first, second = of(Template.CROSS)
    for found in (first, second):
        (new,) = found.estimands
        (rate,), (noise,) = ({*levels(found, factor)} for factor in ("lr", "noise"))
        assert (rate != 0.1, noise != 0.0, levels(found)) == (True, True, [8, 64])
        assert [arm["width"] for arm in new["between"]] == [64, 8]
        assert all((arm["lr"], arm["noise"]) == (rate, noise) for arm in new["between"])
        assert f"with lr {rate:g} and noise {noise:g}" in found.claim
        assert read_headline(found.claim).verdict == "effect +"
        assert (found.admission, found.is_informed) == (Admission.QUESTION, True)
    (trend, _) = of(Template.CROSS, subject(estimand=TREND))
    assert len(levels(trend)) == len(sweep())
    turned = of(Template.CROSS, subject(evidence=said(verdict=Verdict.NEGATIVE, estimate=-0.3)))
    assert {read_headline(one.claim).verdict for one in turned} == {"effect −"}


def test_factors_that_other_findings_know_to_move_the_measure_are_crossed_first():
    ranges = {"width": (4, 256), "lr": (0.01, 1.0), "noise": (0.0, 0.5), "decay": (0.0, 1.0)}
    factors = {**manifest().factors, "decay": ValueType.FLOAT}
    configs = tuple({**config, "decay": decay} for decay in (0.5, 1.0) for config in sweep())
    declared = manifest(
        ranges=ranges, factors=factors, configs=configs, cell_seconds=(1.0,) * len(configs), controls=()
    )
    decaying = estimand(between=[{"decay": 1.0, "width": 32}, {"decay": 0.5, "width": 32}])
    open_at_a_half = estimand(between=[{"width": 64, "decay": 0.5}, {"width": 8, "decay": 0.5}])
    wide = subject(manifest=declared, estimand=estimand(), configs=configs[:4])
    other = subject(number=2, manifest=declared, estimand=decaying)
    assert ("lr", "noise") in {*map(crossed, of(Template.CROSS, wide))}
    assert all("decay" in crossed(one) for one in of(Template.CROSS, wide, other) if one.finding == 1)
    fixed = replace(wide, estimand=open_at_a_half)
    assert all("decay" not in crossed(one) for one in of(Template.CROSS, fixed, other) if one.finding == 1)


def crossed(proposal):
    """The factors that are not as in the sweep."""
    usual = {**sweep()[0], "decay": 0.5}
    return tuple(name for name in usual if name != "width" and {*levels(proposal, name)} != {usual[name]})


@pytest.mark.parametrize(
    "asked",
    [
        subject(evidence=said(verdict=Verdict.ABSENT)),
        subject(manifest=manifest(ranges={"width": (4, 256), "lr": (0.01, 1.0)})),  # one alone has a range
        subject(estimand=RATE),  # speaks of lr and width
        subject(cell_seconds=(0.01,)),  # too dear
        subject(depth=3),
    ],
)
def test_where_fewer_than_two_factors_are_open_none_are_crossed(asked):
    assert of(Template.CROSS, asked) == []


def test_every_corner_of_two_factors_is_asked_once_and_a_few_at_a_time():
    asked, corners = frozenset(), []
    while new := [one for one in of(Template.CROSS, subject(decided=asked)) if one.slug not in asked]:
        assert len(new) <= 2
        asked |= {one.slug for one in new}
        corners += [(levels(one, "lr")[0], levels(one, "noise")[0]) for one in new]
    assert sorted(corners) == [(rate, noise) for rate in (0.0316, 0.316) for noise in (0.25, 0.375)]


def test_each_pair_of_factors_is_crossed_once_first_and_only_so_many():
    factors = {**manifest().factors, **dict.fromkeys(("decay", "drop"), ValueType.FLOAT)}
    ranges = dict.fromkeys(("lr", "noise", "decay", "drop"), (0.0, 1.0))
    configs = tuple({**config, "decay": 0.5, "drop": 0.5} for config in sweep())
    declared = manifest(factors=factors, ranges=ranges, configs=configs, controls=())
    asked, pairs = frozenset(), []
    while new := [
        one for one in of(Template.CROSS, subject(manifest=declared, decided=asked)) if one.slug not in asked
    ]:
        asked |= {one.slug for one in new}
        pairs += [
            frozenset(factor for factor in ranges if {*levels(one, factor)} != {configs[0][factor]}) for one in new
        ]
    assert len(pairs) == len({*pairs}) == proposal_limits.CROSSINGS


def test_what_the_controls_alone_move_stands_in_no_claim_of_a_new_question():
    for template in (Template.DOSE, Template.EXTREMES, Template.WIDEN, Template.CROSS):
        for found in of(template):
            assert "control" not in found.claim
            assert all("control" not in arm for new in found.estimands for arm in new["between"])


def test_the_file_s_own_placebo_should_take_the_effect_away():
    (found,) = of(Template.INTERVENTION)
    assert {config["control"] for config in found.configs} == {"placebo"}
    (new,) = found.estimands
    assert all(arm["control"] == "placebo" for arm in new["between"]), "no other design is evidence of it"
    assert found.prediction.absent > 0.7
    assert of(Template.INTERVENTION, subject(manifest=manifest(controls=()))) == []
    assert of(Template.INTERVENTION, subject(estimand=RATE)) == []


def test_two_explanations_are_set_against_each_other_where_they_disagree_most():
    wide, fast = square()
    wide = replace(wide, estimand=estimand())
    (found,) = of(Template.DISCRIMINATE, wide, fast, pairs=[(2, 1)])
    assert [(config["width"], config["lr"]) for config in found.configs] == [(64, 0.1), (8, 0.4)]
    assert found.links == (1, 2)
    assert found.prediction.positive + found.prediction.negative > 0.8
    assert of(Template.DISCRIMINATE, wide, fast) == [], "nobody linked them"
    assert of(Template.DISCRIMINATE, wide, replace(fast, estimand={**RATE, "measure": "loss"}), pairs=[(1, 2)]) == []
    assert of(Template.DISCRIMINATE, wide, replace(fast, evidence=said(verdict=Verdict.ABSENT)), pairs=[(1, 2)]) == []


def square():
    """Two findings of one measure, one along width and one along lr, over all levels of both."""
    configs = tuple({**config, "lr": lr} for lr in (0.1, 0.4) for config in sweep())
    declared = manifest(configs=configs, cell_seconds=(1.0,) * len(configs), controls=())
    means = tuple((config, config["width"] / 100 + config["lr"]) for config in configs)
    wide = subject(manifest=declared, means=means, estimand=TREND)
    return wide, subject(number=2, manifest=declared, means=means, estimand=RATE)


@pytest.mark.parametrize(
    "change",
    [
        lambda wide, fast: (replace(wide, estimand=estimand(kind="level", between=[{"width": 8}])), fast),
        lambda wide, fast: (replace(wide, means=()), fast),
        lambda wide, fast: (replace(wide, means=tuple((config, 1.0) for config, _ in wide.means)), fast),
        lambda wide, fast: (replace(wide, cell_seconds=(0.01,)), fast),  # what would be asked is too dear
        lambda wide, fast: (wide, replace(fast, number=3)),
        lambda wide, fast: (replace(wide, estimand=estimand(between=[{"width": 9}, {"width": 8}])), fast),
        lambda wide, fast: (replace(wide, estimand=estimand(kind="slope", across="task", between=[])), fast),
    ],
)
def test_where_no_comparison_could_decide_none_is_made(change):
    assert of(Template.DISCRIMINATE, *square(), pairs=[(1, 2)]) != []
    assert of(Template.DISCRIMINATE, *change(*square()), pairs=[(1, 2)]) == []


def control(**changes):
    (declared,) = manifest().controls
    return manifest(controls=(replace(declared, **changes),), ranges={"width": (4, 256), "lr": (0.05, 1.0)})


@pytest.mark.parametrize(
    "declared",
    [
        control(placebo=sweep()[::3], placebo_seconds=(1.0, 1.0)),  # in which nothing is taken away
        control(placebo=sweep(control="placebo", lr=0.001)),  # beyond the file's own range
        control(placebo_seconds=(1e3,) * 4),  # too dear
        control(placebo=sweep(control="placebo")[1:3], placebo_seconds=(1.0, 1.0)),  # without the arms
    ],
)
def test_a_placebo_that_says_nothing_is_not_asked(declared):
    assert of(Template.INTERVENTION, subject(manifest=control())) != []
    assert of(Template.INTERVENTION, subject(manifest=declared)) == []


def test_a_name_that_would_be_too_long_is_cut_and_marked():
    known = subject(status="retired")
    found, other = (derive_followups([replace(known, faults=("platforms disagree about it " * n,))])[0] for n in (5, 6))
    assert len(found.slug) <= 60
    assert found.slug != other.slug


@pytest.mark.parametrize(
    ("evidence", "spread", "rule"),
    [
        (said(verdict=Verdict.UNDECIDED, grade=Grade.AWAITING), 0.5, Rule.SETTLED),
        (said(verdict=Verdict.UNDECIDED, grade=Grade.AWAITING), 50.0, None),  # it would take too many
        (said(verdict=Verdict.ABSENT), 0.5, Rule.UNTIL_GRADE),
        (said(verdict=Verdict.ABSENT, more=(0, 0)), 0.01, None),  # it would have been seen
        (said(verdict=Verdict.ABSENT, more=(0, 0), needs=(f"{LEANING}: of host 3",)), 0.01, Rule.UNTIL_GRADE),
        (said(), 0.5, None),
    ],
)
def test_a_negative_gets_the_seeds_that_would_have_shown_what_matters(evidence, spread, rule):
    values = tuple(spread * ((7 * place) % 48 / 24 - 1) for place in range(48))
    found = of(Template.POWER, subject(evidence=evidence, values=values))
    assert [one.stopping.rule for one in found] == ([] if rule is None else [rule])
    assert all(one.stopping.replicates % 8 == 0 and one.stopping.replicates >= 64 for one in found)


@pytest.mark.parametrize(("happened", "replicates"), [(24, 152), (48, None)])
def test_what_happens_or_not_gets_the_seeds_that_would_have_shown_how_often(happened, replicates):
    often = estimand(kind="proportion", between=[], bounds=None, null=0.5, smallest=0.2)
    values = tuple(float(place < happened) for place in range(48))
    verdict = Verdict.UNDECIDED if replicates else Verdict.POSITIVE
    asked = subject(evidence=said(verdict=verdict, grade=Grade.AWAITING), estimand=often, values=values)
    assert [one.stopping.replicates for one in of(Template.POWER, asked)] == ([replicates] if replicates else [])
    assert of(Template.POWER, replace(asked, values=())) == []


def exhausted(**changes):
    """A finding of which everything was asked."""
    bare = subject(**changes)
    while more := {one.slug for one in derive_followups([bare])} - bare.decided:
        bare = replace(bare, decided=bare.decided | more)
    return bare


@pytest.mark.parametrize(
    ("asked", "is_retired"),
    [
        (exhausted(evidence=said(grade=Grade.DEFINITIVE, more=None)), True),
        (subject(evidence=said(grade=Grade.DEFINITIVE, more=None)), False),  # there is more to ask
        (exhausted(evidence=said(verdict=Verdict.ABSENT, grade=Grade.STRONG)), True),
        (exhausted(evidence=said(verdict=Verdict.NEGATIVE, estimate=-0.3, grade=Grade.STRONG)), True),
        (exhausted(evidence=said(grade=Grade.STRONG)), False),  # as claimed: it may become Definitive
        (exhausted(evidence=said(verdict=Verdict.ABSENT)), False),
        (subject(evidence=said(seeds=10, missing=20), late=16), True),  # it cannot be computed
        (subject(evidence=said(seeds=10, missing=20), late=15), False),
        (subject(evidence=said(seeds=3, missing=6), late=6), False),  # few
        (exhausted(dull_sessions=3), True),
        (exhausted(dull_sessions=2), False),
        (subject(dull_sessions=3), False),  # another design may tell more
        (subject(dull_sessions=3, has_ended=False, is_settled=False), True),
    ],
)
def test_a_finding_is_retired_when_nothing_more_is_to_be_learned_for_its_cost(asked, is_retired):
    found = of(Template.RETIRE, asked)
    assert [one.admission for one in found] == ([Admission.RETIRE] if is_retired else [])
    assert all(one.core_seconds == one.most_core_seconds == 0 for one in found)


FINDINGS = st.builds(
    lambda verdict, grade, estimate, width, steps, kind, ends: subject(
        evidence=said(verdict=verdict, grade=grade, estimate=estimate, low=estimate - width, high=estimate + width),
        estimand=kind,
        manifest=manifest(ranges={"width": ends, "lr": (0.01, 1.0), "noise": (0.0, 0.5)}),
        means=tuple(zip(sweep(), steps, strict=True)),
        values=tuple(estimate + step for step in steps),
    ),
    st.sampled_from(list(Verdict)),
    st.sampled_from([Grade.AWAITING, Grade.MODERATE, Grade.STRONG, Grade.DEFINITIVE]),
    st.floats(-0.9, 0.9).filter(lambda one: abs(one) > 1e-6),
    st.floats(0.01, 0.5),
    st.tuples(*[st.floats(-1e3, 1e3)] * 4),
    st.sampled_from([estimand(), estimand(about="mean"), TREND, {**TREND, "kind": "rank_correlation"}]),
    st.tuples(st.integers(1, 8), st.integers(64, 4_000)),
)


@settings(max_examples=40)
@given(FINDINGS)
def test_every_proposal_is_complete_inside_the_ranges_and_the_same_each_time(asked):
    found = derive_followups([asked])
    assert len({one.slug for one in found}) == len(found)
    again = derive_followups([asked])
    assert [canonical_bytes(proposal_data(one)) for one in found] == [
        canonical_bytes(proposal_data(one)) for one in again
    ]
    for one in found:
        assert read_proposal(canonical_bytes(proposal_data(one)).decode()) == one
        assert not why_configs_refused(asked.manifest, one.configs)
        assert all((one.question, one.motivation, one.claim, one.rival, one.basis, one.slug, one.if_absent))
        if one.admission in ASKS:
            assert all((one.if_positive, one.if_negative))
            assert one.stopping.replicates % asked.block == 0
            assert 0 < one.core_seconds <= one.most_core_seconds
            assert one.bits > 0
        for new in one.estimands:
            assert not estimand_fault(new, one.configs)
            assert compute_estimand(new, [(config, {new["measure"]: 1}) for config in one.configs])[0] is not None
            assert new["prediction"]["positive"] == one.prediction.positive
            assert new["name"] == one.design

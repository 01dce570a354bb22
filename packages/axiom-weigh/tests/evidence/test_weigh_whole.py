"""The whole way from observations to a card: all grades, designs, alarms, and what must hold whatever comes in."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.evidence.strata import known_of
from axiom_weigh.evidence.sure_designs import tell_designs
from axiom_weigh.evidence.weigh_claim import Home, make_finding_card, weigh_observations
from axiom_weigh.values import Agreements, Cohort, Force, Grade, Kind, Observation, Outcome, Surroundings, Verdict

GOLDEN = Path(__file__).parent / "golden" / "weighed.json"
HOMES = {
    host: Home(host_id=host, volunteer_id=1 + host % 4, platform=("linux", "windows")[host % 2])
    for host in range(1, 13)
}
BESIDE = Surroundings(agreements=(Agreements(platforms=("linux", "windows"), exact=40),), false_share=0.01)
ORDER = list(Grade)
HELD_BACK = (Force.HOLDS_BACK, Grade.MODERATE)


def estimand(kind: Kind = Kind.CONTRAST, **more) -> dict:
    return {"name": "asked", "kind": kind.value, "null": 0.0, "smallest": 0.5, "bounds": None, **more}


def drawn(amount: int, effect: float = 0.0, *, seed: int = 1, designs: int = 4) -> list[Observation]:
    """Values of so many seeds in blocks of 16, each block of another design, on all hosts in turn."""
    values = np.random.default_rng(seed).normal(size=amount) + effect
    return [
        Observation(replicate=n, value=round(value, 6), hosts=(1 + n % 12,), design=f"design {n // 16 % designs}")
        for n, value in enumerate(values.tolist())
    ]


def said(observations, claim=None, beside=BESIDE, homes=HOMES):
    return weigh_observations(
        claim or estimand(), observations, blocks=len(observations) // 16, homes=homes, surroundings=beside
    )


def test_an_effect_climbs_through_all_grades_and_then_nothing_is_missing():
    climbing = [said(drawn(amount, 1.2)) for amount in (4, 16, 48, 128)]
    assert [evidence.grade for evidence in climbing] == [Grade.AWAITING, Grade.MODERATE, Grade.STRONG, Grade.DEFINITIVE]
    assert [evidence.designs for evidence in climbing] == [1, 1, 3, 4]
    assert (climbing[-1].needs, climbing[-1].more) == ((), None)
    assert climbing[-1].reasons[-1] == "Definitive; there is no grade above it"
    assert all(evidence.more is not None for evidence in climbing[:-1])


@pytest.mark.parametrize(("is_ours", "reached"), [(True, Grade.STRONG), (None, Grade.STRONG), (False, Grade.MODERATE)])
def test_alone_only_the_laboratory_itself_makes_a_finding_strong(is_ours, reached):
    homes = {host: replace(home, volunteer_id=1, is_ours=is_ours) for host, home in HOMES.items()}
    beside = replace(BESIDE, agreements=(Agreements(platforms=("linux", "linux"), exact=9),))
    assert said(drawn(64, 1.2), beside=beside, homes=homes).grade is reached


def test_designs_that_say_opposite_things_make_a_mixed_verdict():
    turned = [
        replace(observation, value=-observation.value) if observation.design == "design 1" else observation
        for observation in drawn(128, 1.5)
    ]
    evidence = said(turned)
    assert (evidence.verdict, evidence.grade) == (Verdict.MIXED, Grade.AWAITING)
    assert any(reason.startswith("mixed: design 0: effect +; design 1: effect −") for reason in evidence.reasons)


def test_a_design_of_four_values_shares_no_verdict_and_is_none_of_the_four():
    """It tells nothing of where a further design would lie, and here it even says the opposite."""
    seen = drawn(128, 2.0)
    few = [observation for observation in seen if observation.design != "design 3" or observation.replicate % 64 < 50]
    turned = [
        replace(observation, value=-1.0) if observation.design == "design 3" else observation for observation in few
    ]
    assert said(seen).grade is Grade.DEFINITIVE
    evidence = said(turned)
    assert (evidence.designs, evidence.verdict, evidence.grade) == (4, Verdict.POSITIVE, Grade.MODERATE)
    assert evidence.needs == ("a verdict that each design shares: design 3 may yet lie elsewhere",)
    assert len(known_of(make_finding_card(estimand(), turned, blocks=8, homes=HOMES).by("design"))) == 3


@pytest.mark.parametrize(
    ("effect", "seeds", "reached", "told"),
    [
        (0.6, 256, Grade.DEFINITIVE, ""),
        (-0.2, 192, Grade.MODERATE, "sure in designs a and c, not yet in designs b and d"),
    ],
)
def test_a_design_without_the_effect_keeps_three_others_from_speaking_for_it(effect, seeds, reached, told):
    names = dict(zip(("design 0", "design 1", "design 2", "design 3"), "abcd", strict=True))
    seen = [replace(other, design=names[other.design]) for other in drawn(seeds, 0.6)]
    evidence = said(
        [replace(other, value=other.value - 0.6 + effect) if other.design == "d" else other for other in seen]
    )
    assert (evidence.verdict, evidence.grade) == (Verdict.POSITIVE, reached)
    assert tell_designs(evidence.by_design, evidence.verdict) == told
    shares = [need for need in evidence.needs if need.startswith("a verdict that each design shares")]
    assert shares == (["a verdict that each design shares: d may yet lie elsewhere"] if told else [])


def test_an_absence_over_all_designs_is_none_of_each():
    claim = estimand(smallest=0.4)
    four, alone = (said(drawn(160, designs=designs), claim) for designs in (4, 1))
    assert (four.verdict, alone.verdict) == (Verdict.ABSENT, Verdict.ABSENT)
    assert tell_designs(four.by_design, four.verdict) == "sure over all 4 designs together, and in none alone"
    assert tell_designs(alone.by_design, alone.verdict) == ""
    assert [any("each design" in need for need in card.needs) for card in (four, alone)] == [True, False]


def test_the_history_of_the_seed_that_was_not_used_stays_at_one():
    """About 240 results of twelve hosts, all of the same seed: the old laboratory called this definitive."""
    value = 0.123456789012345
    copies = [Observation(replicate=n, value=value, hosts=(1 + n % 12,)) for n in range(240)]
    for amount in (2, 16, 240):
        evidence = said(copies[:amount])
        assert evidence.seeds == 1
        assert evidence.verdict == Verdict.UNDECIDED
        assert evidence.grade == Grade.AWAITING
        assert evidence.suspends
        assert evidence.alarms[0].kind == "clones"
        assert any(need.startswith("an explanation: replicates 0, 1") for need in evidence.needs)


@pytest.mark.parametrize(
    ("change", "kind", "force", "grade"),
    [
        (
            lambda seed: replace(seed, value=seed.value + 9 * (seed.hosts == (3,))),
            "hosts",
            Force.TELLS,
            Grade.DEFINITIVE,
        ),
        (lambda seed: replace(seed, value=seed.value + 9 * (seed.hosts < (5,))), "hosts", *HELD_BACK),
        (lambda seed: replace(seed, value=seed.value + seed.hosts[0] % 2), "platforms", Force.SUSPENDS, Grade.MODERATE),
        (
            lambda seed: replace(seed, value=99.0) if seed.replicate == 5 else seed,
            "bounds",
            Force.HOLDS_BACK,
            Grade.MODERATE,
        ),
    ],
)
def test_an_alarm_says_why_and_most_hold_the_grade_back(change, kind, force, grade):
    seeds = 160 if grade is Grade.DEFINITIVE else 128  # a host that is not believed costs some
    evidence = said([change(observation) for observation in drawn(seeds, 2.0)], estimand(bounds=[-20, 20]))
    assert [(alarm.kind, alarm.force) for alarm in evidence.alarms][:1] == [(kind, force)]
    assert evidence.grade is grade
    assert evidence.alarms[0].text in evidence.flags
    assert any(reason.startswith(f"{evidence.alarms[0].text}: ") for reason in evidence.reasons)


def test_values_from_before_the_claim_are_shown_and_not_counted():
    older = [replace(observation, cohort=Cohort.EXPLORATORY) for observation in drawn(64, 3.0, seed=9)]
    fresh = [replace(observation, replicate=observation.replicate + 64) for observation in drawn(64)]
    with_them, alone = said([*older, *fresh]), said(fresh)
    assert with_them.e_value == alone.e_value
    assert with_them.seeds == 64
    assert with_them.estimate == alone.estimate
    shown = make_finding_card(estimand(), [*older, *fresh], blocks=4, homes=HOMES)
    assert (shown.exploratory.seeds, shown.exploratory.by) == (64, "cohort")
    assert shown.exploratory.estimate == pytest.approx(3.0, abs=0.5)
    assert make_finding_card(estimand(), fresh, blocks=4, homes=HOMES).exploratory is None


def test_a_card_holds_the_evidence_and_a_forest_for_each_way_to_part_the_data():
    seen = drawn(64, 1.0)
    beside = replace(BESIDE, false_share=None)
    shown = make_finding_card(estimand(), seen, blocks=4, homes=HOMES, surroundings=beside)
    assert shown.evidence == said(seen, beside=beside)
    assert [len(shown.by(what)) for what in ("design", "platform", "volunteer", "host")] == [4, 2, 4, 12]
    assert sum(row.seeds for row in shown.by("host")) == 64
    assert (shown.pooled.designs, shown.next_grade) == (4, Grade.DEFINITIVE)
    assert {omission.by for omission in shown.without} == {"host", "volunteer"}
    assert shown.agreements == BESIDE.agreements
    assert make_finding_card(estimand(), [], blocks=0).evidence.grade is Grade.AWAITING
    assert make_finding_card(estimand(), drawn(128, 1.0), blocks=8, homes=HOMES, surroundings=BESIDE).next_grade is None


@pytest.mark.parametrize(
    ("claim", "centre", "estimate"),
    [
        (estimand(), "typical value", 0.0),
        (estimand(Kind.LEVEL), "median", 0.0),
        (estimand(Kind.LEVEL, bounds=[0, 1], null=0.5), "median", 0.0),
        (estimand(Kind.PROPORTION, null=0.5), "share", 0.1),
        (estimand(Kind.LEVEL, about="mean", bounds=[0, 1], null=0.5), "mean", 0.1),
    ],
)
def test_evidence_says_in_a_word_what_its_estimate_is_of_the_values(claim, centre, estimate):
    rare = [replace(observation, value=float(observation.replicate % 10 == 0)) for observation in drawn(160)]
    evidence = said(rare, claim)
    assert (evidence.centre, evidence.estimate) == (centre, estimate)


ROWS = st.lists(
    st.builds(
        Observation,
        replicate=st.integers(0, 40),
        value=st.none() | st.floats(-1, 1) | st.floats(0.2, 1),
        hosts=st.lists(st.integers(1, 13), max_size=2, unique=True).map(tuple),
        outcome=st.none() | st.sampled_from(Outcome),
        design=st.sampled_from(["a", "b", "c", "d"]),
        fingerprint=st.sampled_from(["", "coarse", "14.0:a"]),
    ),
    max_size=60,
)
BOUNDED = [estimand(bounds=[-1.0, 1.0]), estimand(about="mean", bounds=[-1, 1])]
ASKED = st.sampled_from([estimand(), *BOUNDED, estimand(Kind.LEVEL, null=0.3), estimand(Kind.LEVEL, censored=0.1)])


@settings(max_examples=30)
@given(claim=ASKED, rows=ROWS)
def test_asked_again_the_same_is_said_and_the_card_says_it_too(claim, rows):
    first = said(rows, claim)
    assert said(rows, claim) == first
    assert make_finding_card(claim, rows, blocks=len(rows) // 16, homes=HOMES, surroundings=BESIDE).evidence == first
    assert first.seeds + first.missing + first.clones == len({observation.replicate for observation in rows})
    assert 0 < first.e_value <= 1e300
    assert 0 < first.e_absent <= 1e300


@settings(max_examples=40)
@given(claim=ASKED, rows=ROWS, places=st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_replicates_without_a_value_never_raise_a_grade(claim, rows, places):
    """Wherever in the order of issue they stand, and whatever the reason."""
    seen = [replace(observation, fingerprint="coarse") for observation in {row.replicate: row for row in rows}.values()]
    more = list(seen)
    for number, place in enumerate(places):
        more.insert(place, Observation(replicate=100 + number, value=None, outcome=None, design="a"))
    before, after = said(seen, claim), said(more, claim)
    assert after.seeds == before.seeds
    assert after.e_value <= before.e_value * (1 + 1e-9)
    assert after.e_absent <= before.e_absent * (1 + 1e-9)
    if Verdict.MIXED not in (before.verdict, after.verdict):
        assert ORDER.index(after.grade) <= ORDER.index(before.grade)


def described() -> list[dict]:
    """Every kind of process on sound values, on values with gaps, and on none but noise."""
    claims = [estimand(), estimand(bounds=[-5, 5]), estimand(Kind.LEVEL, null=0.5)]
    claims.append(estimand(about="mean", bounds=[-5, 5]))
    gaps = [
        replace(observation, value=None, outcome=None) if observation.replicate % 23 == 7 else observation
        for observation in drawn(96, 0.8)
    ]
    weighed = [said(seen, claim) for claim in claims for seen in (drawn(96, 0.8), gaps, drawn(96))]
    return [json.loads(json.dumps(asdict(evidence))) for evidence in weighed]


def roughly(data):
    """The same with numbers compared to nine digits: the last ones are the processor's."""
    if isinstance(data, dict):
        return {name: roughly(part) for name, part in data.items()}
    if isinstance(data, list):
        return [roughly(part) for part in data]
    return pytest.approx(data, rel=1e-9, abs=1e-12) if isinstance(data, float) else data


def test_the_evidence_of_a_fixed_data_set_is_what_it_always_was():
    """When the rules change on purpose: run this file with Python, and look at the difference."""
    assert described() == roughly(json.loads(GOLDEN.read_text(encoding="utf-8")))


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(described(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

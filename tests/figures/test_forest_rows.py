"""A card becomes the rows of a forest."""

from axiom.domain.evidence_cards import Card, Stratum
from axiom.domain.findings import Evidence, Grade, Verdict
from axiom.figures.forest_rows import parts_of

EVIDENCE = Evidence(
    blocks=1,
    seeds=8,
    missing=0,
    estimate=0.5,
    low=None,
    high=None,
    e_value=1.0,
    e_kind="signed ranks",
    verdict=Verdict.UNDECIDED,
    grade=Grade.AWAITING,
    hosts=1,
    volunteers=1,
    platforms=1,
    needs=(),
    flags=(),
    reasons=(),
)


def part(by: str, name: str, seeds: int = 8) -> Stratum:
    return Stratum(by=by, name=name, seeds=seeds, missing=1, estimate=0.5, low=None, high=0.9, mean=0.4, error=0.1)


def card(*strata: Stratum) -> Card:
    return Card(evidence=EVIDENCE, strata=strata, pooled=None, without=(), exploratory=None, next_grade=Grade.MODERATE)


def test_platforms_come_first_then_designs_then_the_hosts_with_most_replicates():
    found = parts_of(card(part("host", "7"), part("volunteer", "3"), part("design", "declared"), part("platform", "a")))
    groups = [("Platform", "a"), ("Design", "declared"), ("Host", "host 7")]
    assert [(drawn.group, drawn.name) for drawn in found] == groups
    assert (found[0].seeds, found[0].estimate, found[0].low, found[0].high) == (8, 0.5, None, 0.9)
    found = parts_of(card(*(part("host", str(number), seeds=number % 20) for number in range(40))))
    assert {drawn.group.partition(",")[0] for drawn in found} == {"Host: 12 of 40"}
    assert sorted(drawn.seeds for drawn in found) == [14, 14, 15, 15, 16, 16, 17, 17, 18, 18, 19, 19]

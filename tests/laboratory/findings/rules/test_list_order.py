"""Lists of findings: by surety, newness and surprise, and few of them a day."""

from datetime import date

from axiom.laboratory.findings.rules.list_order import (
    FindingOrder,
    ListedFinding,
    choose_daily_findings,
    sort_findings,
    surprise_bits,
)
from axiom_weigh.values import Grade, Verdict


def finding(number, verdict=Verdict.POSITIVE, grade=Grade.MODERATE, size=2.0, positive=0.8):
    rest = (1 - positive) / 2
    chances = {"positive": positive, "negative": rest, "absent": rest}
    return ListedFinding(number=number, verdict=verdict, grade=grade, size=size, predicted=chances)


def test_findings_are_listed_by_surety_newness_and_surprise():
    found = [finding(1, size=9.0), finding(2, grade=Grade.STRONG), finding(3, size=-12.0)]
    found.append(finding(4, Verdict.UNDECIDED, Grade.AWAITING, size=40.0))
    assert sort_findings(found, FindingOrder.SUREST) == [2, 3, 1, 4]
    assert sort_findings(found, FindingOrder.NEWEST) == [1, 2, 3, 4]
    found = [finding(1), finding(2, Verdict.NEGATIVE), finding(3, Verdict.MIXED), finding(4, positive=0.5)]
    found.append(finding(5, Verdict.ABSENT, positive=0.99))
    assert sort_findings(found, FindingOrder.SURPRISING) == [5, 2, 4, 1, 3]
    assert surprise_bits(finding(4, positive=0.5)) == 1.0
    assert surprise_bits(finding(3, Verdict.UNDECIDED)) < 0


def test_a_day_brings_few_findings_and_the_most_surprising_of_them():
    today, before = date(2026, 3, 2), date(2026, 3, 1)
    found = [(today, finding(1)), (today, finding(2, Verdict.NEGATIVE)), (today, finding(3)), (before, finding(4))]
    assert choose_daily_findings(found, 1) == [2, 4]
    assert choose_daily_findings(found, 2) == [2, 1, 4]

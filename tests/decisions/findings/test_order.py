from datetime import date

from axiom.decisions.findings.order import FindingOrder, ListedFinding, few_a_day, ordered, surprise
from axiom.domain.findings import Grade, Verdict


def finding(number, verdict=Verdict.POSITIVE, grade=Grade.MODERATE, size=2.0, positive=0.8):
    rest = (1 - positive) / 2
    chances = {"positive": positive, "negative": rest, "absent": rest}
    return ListedFinding(number=number, verdict=verdict, grade=grade, size=size, predicted=chances)


def test_the_surest_come_first_and_within_a_grade_the_largest_effects():
    found = [
        finding(1, size=9.0),
        finding(2, grade=Grade.STRONG),
        finding(3, size=-12.0),
        finding(4, Verdict.UNDECIDED, Grade.AWAITING, size=40.0),
    ]
    assert ordered(found, FindingOrder.SUREST) == [2, 3, 1, 4]
    assert ordered(found, FindingOrder.NEWEST) == [1, 2, 3, 4]


def test_an_answer_that_was_expected_least_surprises_most():
    found = [
        finding(1),
        finding(2, Verdict.NEGATIVE),
        finding(3, Verdict.MIXED),
        finding(4, positive=0.5),
        finding(5, Verdict.ABSENT, positive=0.99),
    ]
    assert ordered(found, FindingOrder.SURPRISING) == [5, 2, 4, 1, 3]
    assert surprise(finding(4, positive=0.5)) == 1.0
    assert surprise(finding(3, Verdict.UNDECIDED)) < 0


def test_a_day_brings_few_findings_and_the_most_surprising_of_them():
    today, before = date(2026, 3, 2), date(2026, 3, 1)
    found = [(today, finding(1)), (today, finding(2, Verdict.NEGATIVE)), (today, finding(3)), (before, finding(4))]
    assert few_a_day(found, 1) == [2, 4]
    assert few_a_day(found, 2) == [2, 1, 4]

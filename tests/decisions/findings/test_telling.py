"""A newcomer is told the surest answers of different experiments."""

from dataclasses import replace

from axiom.decisions.findings.telling import Answered, most_telling
from axiom.domain.findings import Grade

ONE = Answered(number=1, experiment="a", grade=Grade.STRONG, is_against=False, has_own_words=True, size=3.0)


def test_no_two_of_one_experiment_and_none_that_is_not_sure():
    others = [replace(ONE, number=2), replace(ONE, number=3, experiment="b", grade=Grade.AWAITING)]
    assert most_telling([ONE, *others], 3) == [1]


def test_sure_before_surprising_before_large():
    sure = replace(ONE, number=2, experiment="b", grade=Grade.DEFINITIVE, size=1.0)
    surprising = replace(ONE, number=3, experiment="c", is_against=True, size=1.0)
    large = replace(ONE, number=4, experiment="d", size=-8.0)
    wordless = replace(ONE, number=5, experiment="e", is_against=True, has_own_words=False, size=9.0)
    assert most_telling([ONE, wordless, large, surprising, sure], 9) == [2, 3, 4, 1, 5]
    assert most_telling([ONE, large, surprising, sure], 2) == [2, 3]

"""How often a host's tasks are checked follows from what it has shown, and nobody can tell which ones are."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.tasks.check_rate import OF_A_KNOWN_HOST, OF_A_NEW_HOST, USUAL, check_rate, is_checked
from axiom.domain.work import Agreement, ComparedTask

WAITING, AGREES, DIFFERS = Agreement.WAITING, Agreement.AGREES, Agreement.DIFFERS
RATES = (OF_A_NEW_HOST, USUAL, OF_A_KNOWN_HOST)


def compared(*said: Agreement, version: int = 1) -> list[ComparedTask]:
    """Comparisons of a host, the newest first."""
    return [ComparedTask(experiment_id=version, agreement=one) for one in said]


@pytest.mark.parametrize(
    ("comparisons", "one_in"),
    [
        (compared(AGREES, AGREES), OF_A_NEW_HOST),
        (compared(*[DIFFERS] * 9, AGREES, AGREES), OF_A_NEW_HOST),
        (compared(*[AGREES] * 4), USUAL),
        (compared(WAITING, WAITING, WAITING), USUAL),  # no more are ordered before the first are back
        (compared(*[AGREES] * 5), OF_A_KNOWN_HOST),
        (compared(*[AGREES] * 9, version=2), USUAL),  # a version that it never computed
        (compared(*[AGREES] * 9, version=2) + compared(*[AGREES] * 5), OF_A_KNOWN_HOST),
        (compared(*[AGREES] * 4, DIFFERS, *[AGREES] * 9), USUAL),
        (compared(DIFFERS, version=2) + compared(*[AGREES] * 5), OF_A_KNOWN_HOST),
    ],
)
def test_who_is_new_is_checked_more_often_and_who_is_known_less_often(comparisons, one_in):
    decided = check_rate(1, comparisons, is_watched=False)
    assert decided.one_in == one_in
    assert decided.reason


def test_every_task_of_a_host_that_was_outvoted_lately_is_checked():
    for comparisons in ([], compared(*[AGREES] * 60)):
        assert check_rate(1, comparisons, is_watched=True).one_in == 1


@given(st.lists(st.builds(ComparedTask, experiment_id=st.integers(1, 3), agreement=st.sampled_from(Agreement))))
def test_no_record_however_good_ends_the_checks(comparisons):
    assert 1 < check_rate(1, comparisons, is_watched=False).one_in <= OF_A_KNOWN_HOST


def test_a_fleet_of_known_hosts_never_spends_more_than_one_task_in_ten():
    """Whatever versions it computes, few tasks of each or many."""
    rng = random.Random(1)
    for versions in (1, 5, 400):
        newest = compared(AGREES, AGREES, AGREES, version=0)
        checks = 0
        for task in range(1_000):
            version = rng.randrange(versions)
            if is_checked(b"a secret", task, check_rate(version, newest[:60], is_watched=False).one_in):
                checks += 1
                newest.insert(0, ComparedTask(experiment_id=version, agreement=AGREES))
        assert checks <= 1_000 / USUAL + 40


def test_the_same_key_and_task_give_the_same_answer_for_ever():
    assert [number for number in range(40) if is_checked(b"a secret", number, USUAL)] == [8, 9, 23]


@settings(max_examples=10)
@given(st.binary(min_size=16, max_size=32))
def test_about_one_task_in_so_many_is_checked_under_any_key(secret):
    for one_in in RATES:
        drawn = sum(is_checked(secret, number, one_in) for number in range(1_000))
        assert drawn == pytest.approx(1_000 / one_in, abs=5 * (1_000 / one_in) ** 0.5)


@given(st.binary(min_size=16, max_size=32), st.integers(1, 10**9))
def test_better_known_hosts_lose_checks_and_get_no_others(secret, task):
    drawn = [is_checked(secret, task, one_in) for one_in in RATES]
    assert drawn == sorted(drawn, reverse=True)

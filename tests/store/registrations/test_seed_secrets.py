"""Seeds that count follow from a secret of their registration, which is committed to at once and revealed once."""

import itertools
import json
from datetime import timedelta

import pytest

from axiom.domain.experiments import seed_of
from axiom.domain.registrations import DRAWN_SEEDS, commit_to_secret, counted_seed, hand_seed
from axiom.shipped import catalogue_folder
from axiom.store.experiments import experiments
from axiom.store.experiments.recorded_answers import find_recorded_numbers
from axiom.store.registrations import registrations, seed_secrets


@pytest.fixture
def registered(database, now, monkeypatch):
    """Registration 1 of tiny_sum@1 is of today, registration 2 of before. Each secret is another."""
    numbers = itertools.count()
    monkeypatch.setattr(seed_secrets, "new_secret", lambda: f"{next(numbers):064x}")
    experiments.add_experiment(database, name="tiny_sum", version=1, manifest="{}", now=now)
    for body in ({"seeds": DRAWN_SEEDS, "predictions": []}, {"predictions": []}):
        registrations.add_registration(
            database, experiment_id=1, cohort="", body=json.dumps(body), predictions=[], now=now
        )
    return database


def issue(db, registration, amount, now):
    numbers = experiments.issue_replicates(db, experiments.find_experiment(db, 1), registration, amount, now)
    return dict(zip(numbers, experiments.read_seeds(db, 1, numbers), strict=True))


def test_seeds_follow_from_the_secret_and_those_of_before_from_names(registered, now):
    drawn, named = issue(registered, 1, 4, now), issue(registered, 2, 3, now)
    (secret,) = seed_secrets.list_secrets(registered, 1)
    assert secret.commitment == commit_to_secret(registrations.find_registration(registered, 1).hash, secret.secret)
    assert drawn == {number: counted_seed(secret.secret, "tiny_sum", 1, number) for number in (0, 1, 2, 3)}
    assert named == {number: seed_of("tiny_sum", 1, number) for number in (4, 5, 6)}
    assert seed_secrets.list_secrets(registered, 2) == []
    by_hand = {hand_seed("tiny_sum", 1, number) for number in range(1_000)}
    public = {seed_of("tiny_sum", 1, number) for number in range(1_000)}
    assert not {*drawn.values()} & (by_hand | public)
    assert not by_hand & public
    assert registrations.check_registration_chain(registered) == seed_secrets.list_wrong_seeds(registered) == []
    with pytest.raises(LookupError):
        experiments.read_seeds(registered, 1, (6, 7))


def test_what_is_issued_after_a_secret_was_revealed_follows_from_another(registered, now):
    issue(registered, 1, 2, now)
    (first,) = seed_secrets.list_secrets(registered, 1)
    assert seed_secrets.list_registrations_with_secrets(registered) == [1]
    assert seed_secrets.reveal_secrets(registered, 1, now) == 1
    assert seed_secrets.list_registrations_with_secrets(registered) == []
    later = issue(registered, 1, 2, now + timedelta(days=1))
    assert later != {number: counted_seed(first.secret, "tiny_sum", 1, number) for number in later}
    was, is_now = seed_secrets.list_secrets(registered, 1)
    assert (was.revealed_at, is_now.revealed_at) == (now, None)
    assert later == {number: counted_seed(is_now.secret, "tiny_sum", 1, number) for number in later}
    assert registrations.check_registration_chain(registered) == seed_secrets.list_wrong_seeds(registered) == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE seed_secret SET secret = 'another'", "not the one whose hash"),
        ("UPDATE seed_secret SET commitment = 'another'", "altered"),
        ("DELETE FROM seed_secret", "registration 1 has no secret"),
        ("UPDATE seed_secret SET registration_id = 2", "registration 1 has no secret"),
    ],
)
def test_a_secret_that_was_exchanged_or_removed_is_told(registered, now, damage, told):
    issue(registered, 1, 2, now)
    registered.execute(damage)
    assert any(told in problem for problem in registrations.check_registration_chain(registered))
    if "commitment" not in damage:
        assert "replicate 0 of tiny_sum@1" in seed_secrets.list_wrong_seeds(registered)[0]


def test_no_recorded_answer_is_of_a_seed_that_a_laboratory_issues(registered, now):
    """What the makers computed has the seeds of names, which no registration of today issues."""
    longest = max(
        (number.seeds, file.stem)
        for file in catalogue_folder().glob("[a-z]*.py")
        for version in range(1, 9)
        for number in find_recorded_numbers(file.stem, version).values()
    )
    recorded = {seed_of("tiny_sum", 1, number) for number in range(longest[0])}
    assert recorded
    assert recorded.isdisjoint(issue(registered, 1, longest[0], now).values())

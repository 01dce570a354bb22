"""Registrations come before workunits, and nobody can change, remove or add one unnoticed."""

import json
import sqlite3

import pytest

from axiom.store.engine import hash_chains
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations
from axiom.store.tasks import workunits

CHANCES = {"positive": 0.8, "negative": 0.1, "absent": 0.1, "low": 0.0, "high": 1.0}
PREDICTION = {"estimand": "grows", "forecaster": "Ada", "because": "a test", **CHANCES}


@pytest.fixture
def chain(database, now):
    """Registrations 1, 2 and 3 of one experiment."""
    experiments.add_experiment(database, name="tiny_sum", version=1, manifest="{}", now=now)
    for number in (1, 2, 3):
        said = [PREDICTION] if number == 1 else []
        body = json.dumps({"number": number, "predictions": said})
        words = {"cohort": "exploratory", "body": body, "predictions": said}
        registrations.add_registration(database, experiment_id=1, **words, now=now)
    return database


def test_a_registration_is_read_as_it_was_written_and_whatever_is_done_to_it_is_seen(chain, now, taken_back):
    first, newest = registrations.find_registration(chain, 1), registrations.read_registrations(chain, 1)[-1]
    assert first.body == json.dumps({"number": 1, "predictions": [PREDICTION]})
    assert (first.id, first.cohort, first.created_at) == (1, "exploratory", now)
    assert (first.previous_hash, newest.id) == (hash_chains.FIRST, 3)
    assert registrations.find_registration(chain, 2).previous_hash == first.hash
    assert registrations.find_registration(chain, 4) is None
    assert registrations.read_registrations(chain, 2) == []
    row = chain.row("SELECT * FROM prediction")
    assert {name: row[name] for name in PREDICTION} == PREDICTION
    assert registrations.check_registration_chain(chain) == []
    words = {"experiment_id": 1, "replicates": [[0]], "configs": [0], "max_failures": 3, "now": now}
    with pytest.raises(sqlite3.IntegrityError):
        workunits.add_workunits(chain, registration_id=9, **words)
    workunits.add_workunits(chain, registration_id=3, **words)
    with pytest.raises(sqlite3.IntegrityError):
        chain.execute("DELETE FROM registration WHERE id = 3")
    chain.execute("PRAGMA foreign_keys = OFF")
    for damage, problem in DAMAGES.items():
        with taken_back(chain):
            assert chain.execute(damage) >= 1
            assert registrations.check_registration_chain(chain)[0].startswith(problem)


INSERTED = """
INSERT INTO registration (experiment_id, cohort, body, previous_hash, hash, created_at)
SELECT 1, 'exploratory', '{}', hash, 'f', 0 FROM registration WHERE id = 3
"""


DAMAGES = {
    """UPDATE registration SET body = '{"number":9}' WHERE id = 2""": "registration 2 was altered",
    "UPDATE registration SET cohort = 'confirmatory' WHERE id = 2": "registration 2 was altered",
    "UPDATE registration SET created_at = 0 WHERE id = 2": "registration 2 was altered",
    "UPDATE registration SET experiment_id = 2 WHERE id = 2": "registration 2 was altered",
    "UPDATE registration SET hash = 'f' WHERE id = 2": "registration 2 was altered",
    "UPDATE registration SET previous_hash = 'f' WHERE id = 2": "registration 2 does not follow",
    "DELETE FROM registration WHERE id = 1": "registration 2 does not follow",
    "DELETE FROM registration WHERE id = 3": "registration holds 2 entries, and 3 were written",
    "DELETE FROM registration WHERE id > 0": "registration holds 0 entries, and 3 were written",
    INSERTED: "registration 4 was altered",
}


def test_a_prediction_that_differs_from_what_was_registered_is_seen(database, now, taken_back):
    experiments.add_experiment(database, name="tiny_sum", version=1, manifest="{}", now=now)
    said = [PREDICTION, PREDICTION | {"forecaster": "Eve", "median": 0.5}]
    body = json.dumps({"predictions": said})
    registrations.add_registration(
        database, experiment_id=1, cohort="", body=body, predictions=said, claims=["grows"], now=now
    )
    assert registrations.check_registration_chain(database) == []
    for damage in (
        "UPDATE prediction SET positive = 0.9",
        "UPDATE prediction SET forecaster = 'Bob' WHERE forecaster = 'Ada'",
        "UPDATE prediction SET median = 0.6 WHERE forecaster = 'Ada'",
        "UPDATE prediction SET median = 0.6 WHERE forecaster = 'Eve'",
        "UPDATE prediction SET because = 'I saw it'",
        "DELETE FROM prediction",
    ):
        with taken_back(database):
            assert database.execute(damage) >= 1
            found = registrations.check_registration_chain(database)
            assert found == ["the predictions of registration 1 are not those that were registered"]

"""Experiments, their bundles, themes and costs, and numbers that are issued once."""

import sqlite3
import tomllib
from datetime import timedelta

import pytest

from axiom.domain.costs import Cost, CostFit, HostCostReport
from axiom.domain.experiments import seed_of
from axiom.shipped import catalogue_folder
from axiom.store.experiments import costs, experiments
from axiom.store.experiments.costs import LearnedCost
from axiom.store.experiments.themes import LIST, read_themes
from axiom.store.registrations import registrations


@pytest.fixture
def stored(database, now):
    """tiny_sum in versions 1 and 2, each registered, and other_sum."""
    for name, version in (("tiny_sum", 1), ("tiny_sum", 2), ("other_sum", 1)):
        added = experiments.add_experiment(database, name=name, version=version, manifest="{}", now=now)
        registrations.add_registration(
            database, experiment_id=added, cohort="", body=f"{added}", predictions=[], now=now
        )
    return database


def test_a_version_is_found_by_id_and_by_name_and_retires_once(stored, now):
    second = experiments.find_experiment(stored, 2)
    assert second.name == "tiny_sum"
    assert second.version == 2
    assert second.manifest == "{}"
    assert second.created_at == now
    assert experiments.find_experiment_by_name(stored, "tiny_sum") == second
    assert experiments.find_experiment_by_name(stored, "tiny_sum", 1).id == 1
    assert [version.id for version in experiments.list_experiment_versions(stored)] == [1, 2, 3]
    assert experiments.find_experiment(stored, 9) is experiments.find_experiment_by_name(stored, "missing") is None
    assert experiments.find_experiment_by_name(stored, "tiny_sum", 3) is experiments.find_bundle(stored, "ab") is None
    with pytest.raises(sqlite3.IntegrityError):
        experiments.add_experiment(stored, name="tiny_sum", version=2, manifest="{}", now=now)
    assert experiments.find_experiment(stored, 1).status == "open"
    assert experiments.retire_experiment(stored, 1, now)
    assert not experiments.retire_experiment(stored, 1, now + timedelta(days=1))
    retired = experiments.find_experiment(stored, 1)
    assert (retired.status, retired.retired_at) == ("retired", now)
    stored.execute("UPDATE experiment SET recalled_at = 1 WHERE id = 1")
    assert experiments.find_experiment(stored, 1).status == "recalled"


def add_bundle(db, now, *, serial: int, experiment_id: int = 1) -> int:
    words = {"digest": f"{experiment_id}-{serial}", "seal": "sealed", "manifest": ""}
    until = now + timedelta(days=90)
    return experiments.add_bundle(db, experiment_id=experiment_id, serial=serial, **words, expires_at=until, now=now)


def test_the_highest_bundle_is_sent_and_numbers_are_issued_in_order(stored, now):
    assert experiments.find_newest_bundle(stored, 1) is None
    _, third, _ = (add_bundle(stored, now, serial=serial) for serial in (1, 3, 2))
    add_bundle(stored, now, serial=4, experiment_id=2)
    assert experiments.find_newest_bundle(stored, 1).serial == 3
    assert experiments.find_bundle(stored, "1-2").serial == 2
    assert [bundle.digest for bundle in experiments.list_bundles(stored)] == ["1-1", "1-3", "1-2", "2-4"]
    with pytest.raises(sqlite3.IntegrityError):
        stored.execute("INSERT INTO bundle SELECT 9, experiment_id, serial, 'x', seal, 0, 0, '', NULL FROM bundle")
    until = now + timedelta(days=180)
    experiments.renew_seal(stored, third, "sealed again", until)
    bundle = experiments.find_newest_bundle(stored, 1)
    assert (bundle.seal, bundle.expires_at, bundle.created_at) == ("sealed again", until, now)
    first, second, other = (experiments.find_experiment(stored, number) for number in (1, 2, 3))
    assert experiments.issue_replicates(stored, first, 1, 2, now) == (0, 1)
    assert experiments.issue_replicates(stored, second, 2, 1, now) == (0,)
    assert experiments.issue_replicates(stored, first, 2, 3, now) == (2, 3, 4)  # another registration goes on counting
    assert experiments.issue_replicates(stored, other, 3, 1, now) == (0,)
    rows = stored.select("SELECT experiment_id, number, seed FROM replicate")
    names = {1: ("tiny_sum", 1), 2: ("tiny_sum", 2), 3: ("other_sum", 1)}
    assert all(row["seed"] == seed_of(*names[row["experiment_id"]], row["number"]) for row in rows)
    assert len({row["seed"] for row in rows}) == 7
    with pytest.raises(sqlite3.IntegrityError):
        experiments.issue_replicates(stored, first, 9, 1, now)
    listed = [
        name for said in tomllib.loads((catalogue_folder() / LIST).read_text()).values() for name in said["experiments"]
    ]
    files = sorted(file.stem for file in catalogue_folder().glob("*.py") if file.stem != "__init__")
    assert sorted(listed) == files
    assert read_themes()["lottery_ticket"] == "Smaller networks"


VOICES = (HostCostReport(host_id=1, tasks=3, log_ratio=-0.5), HostCostReport(host_id=2, tasks=30, log_ratio=1.098612))
FIT = CostFit(tasks=40, voices=VOICES)


def test_what_is_kept_comes_back_and_the_newest_replaces_it(ordered, now):
    experiments.add_experiment(ordered, name="other_sum", version=1, manifest="{}", now=now)

    def keep(experiment_id, host_class, fit, **cost) -> LearnedCost:
        learned = LearnedCost(host_class=host_class, fit=fit, cost=Cost(**cost))
        costs.store_learned_cost(ordered, experiment_id, learned, now)
        return learned

    assert costs.find_learned_cost(ordered, 1, "x") == LearnedCost(host_class="x", fit=CostFit(), cost=Cost())
    assert (costs.list_learned_costs(ordered, 1), costs.list_applied_costs(ordered)) == ([], {})
    first = keep(1, "x", FIT, factor=3.0, host_id=2)
    assert costs.find_learned_cost(ordered, 1, "x") == first
    newer = keep(1, "x", CostFit(tasks=41, voices=FIT.voices[1:]), factor=10.0)
    assert costs.list_learned_costs(ordered, 1) == [newer]
    few, many, as_few = (
        keep(1, *more) for more in (("a", CostFit(tasks=3)), ("b", CostFit(tasks=50)), ("c", CostFit(tasks=3)))
    )
    assert costs.list_learned_costs(ordered, 1) == [many, newer, few, as_few]
    assert costs.find_learned_cost(ordered, 2, "x").fit == CostFit()
    keep(2, "a", FIT, factor=0.1, host_id=1)
    assert costs.list_applied_costs(ordered) == {(1, "x"): newer.cost, (2, "a"): Cost(factor=0.1, host_id=1)}
    for factor in (0.0, 0.09, 10.1):
        with pytest.raises(sqlite3.IntegrityError, match="factor"):
            keep(1, "a", FIT, factor=factor)

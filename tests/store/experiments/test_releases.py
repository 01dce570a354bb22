"""The history of releases, and what was sent while a bundle was let out."""

from datetime import timedelta

import pytest

from axiom.domain.releases import Change, Fleet
from axiom.domain.work import TaskState
from axiom.store.experiments import experiments, releases
from axiom.store.migrate import read_migrations


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum is let out in stages; hosts of two volunteers beside our own."""
    small_lab.lets_out = False
    small_lab.publish(prepared())
    small_lab.deploy(workunits=4)
    for name, volunteer in (("ours", "Ada"), ("hers", "Ben"), ("his", "Cleo")):
        small_lab.host(name, volunteer=volunteer, cores=16)
    return small_lab


def record(lab, change: Change, **more) -> int:
    bundle = experiments.find_newest_bundle(lab.db, 1).digest
    known = {"experiment_id": 1, "bundle": bundle, "reason": "a test", "by": "Ada", "now": lab.now}
    return releases.record_release(lab.db, change, **known | more)


def test_lines_come_back_as_they_were_written_in_their_order(lab):
    before = experiments.read_experiment_stamp(lab.db)
    record(lab, Change.PAUSED, platform="linux-x86_64-none")
    assert experiments.read_experiment_stamp(lab.db) != before  # whoever keeps experiments at hand reads them again
    lab.later(minutes=1)
    record(lab, Change.RESUMED)
    (first, second) = releases.list_version_releases(lab.db, 1)
    assert (first.change, first.platform) == (Change.PAUSED, "linux-x86_64-none")
    assert (first.by, first.reason) == ("Ada", "a test")
    assert (second.change, second.at) == (Change.RESUMED, lab.now)
    assert releases.list_releases_by_experiment(lab.db) == {1: [first, second]}
    assert releases.list_releases_between(lab.db, first.at, second.at) == [("tiny_sum@1", first)]


def test_what_an_older_laboratory_had_in_its_share_stage_is_in_the_wider_pilot(lab):
    record(lab, Change.WIDER)
    lab.db.execute("UPDATE release SET change = 'share'")
    (upgrade,) = [migration for migration in read_migrations() if migration.number == 18]
    for statement in upgrade.statements():
        lab.db.execute(statement)
    (line,) = releases.list_version_releases(lab.db, 1)
    assert line.change is Change.WIDER


def test_only_what_was_sent_while_it_was_let_out_is_counted_and_who_was_heard_lately(lab):
    bundle = experiments.find_newest_bundle(lab.db, 1).digest
    order = lab.order(2)
    lab.later(hours=3)
    lab.order(1)

    def sent(**more):
        asked = {"since": None, "before": lab.now - timedelta(hours=2)} | more
        return [
            (task.host, task.is_ours, task.state, task.silent)
            for task in releases.list_sent_tasks(lab.db, bundle, **asked)
        ]

    assert sent() == [(1, True, TaskState.SENT, 0), (2, False, TaskState.SENT, 1)]
    assert sent(since=lab.now) == [(1, True, TaskState.SENT, 0)]
    lab.report(order, lab.output(order))
    lab.validate()
    assert sent()[1] == (2, False, TaskState.VALID, 0)
    record(lab, Change.OPEN)
    lab.order(3)
    assert len(sent()) == 2
    assert releases.measure_fleet(lab.db) == Fleet(volunteers=2, hosts=3, cores=16 + 8)  # one has shown something
    lab.db.execute("UPDATE host SET seen_at = seen_at - 7200000000 WHERE id = 3")
    assert releases.measure_fleet(lab.db) == Fleet(volunteers=1, hosts=2, cores=16)  # the laboratory computes as well
    lab.db.execute("UPDATE host SET seen_at = seen_at - 7200000000 WHERE id = 2")
    assert releases.measure_fleet(lab.db).is_alone

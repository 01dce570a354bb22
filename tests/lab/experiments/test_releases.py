"""Pause, resume, approve, roll back: who decided what and why is written down, and stays true after a crash."""

from datetime import timedelta

import pytest

from axiom.domain.releases import Change, Stage
from axiom.errors import NotFound, Refused, Withdrawn
from axiom.lab.experiments import releases as release_steps
from axiom.lab.experiments.rollback import roll_back
from axiom.server.dispatch.cache import DispatchCache
from axiom.signed.bundles import read_seal
from axiom.store.engine.database import at, connect_writer
from axiom.store.experiments import experiments, releases

WHO = {"reason": "a test", "by": "Ada"}


@pytest.fixture
def lab(rounds):
    """tiny_sum is let out in stages."""
    rounds.in_stages()
    rounds.lab.lets_out = False
    return rounds.lab


def version(lab):
    return experiments.by_id(lab.db, 1)


def changes(lab) -> list[Change]:
    return [line.change for line in releases.of_version(lab.db, 1)]


def back(lab, **how):
    with lab.db.transaction():
        found = {"to": None, "keys": lab.keys, "good_for": timedelta(days=90), "now": lab.now} | WHO | how
        return roll_back(lab.db, lab.folder, version(lab), **found)


def test_the_planner_orders_a_pilot_then_blocks_and_nothing_of_what_is_paused(lab, rounds, prepared):
    def stage(approvals=""):
        staged = release_steps.stages(lab.db, lab.now, approvals)[1]
        return staged.let.stage, staged.missing, staged.theirs

    assert stage() == (Stage.PILOT, 3, 3)
    lab.deploy(workunits=2)
    assert stage()[:2] == (Stage.PILOT, 1)
    lab.deploy(workunits=18)
    assert stage()[2] == 3
    rounds.compute(3)
    assert stage() == (Stage.WIDER, 0, 3)  # the wider pilot begins with as many at volunteers
    assert stage("code")[2] == 0
    with lab.db.transaction():
        release_steps.approve(lab.db, version(lab), now=lab.now, **WHO)
    assert stage("code")[2] == 3
    repaired = lab.publish(prepared(top="# repaired"), is_tried=False)
    assert repaired.serial == 2
    assert stage("code")[2] == 3  # of the bundle before it, which was approved
    with lab.db.transaction():
        release_steps.pause(lab.db, version(lab), platform="", now=lab.now, **WHO)
    assert stage()[2] == 0
    assert "Ada: a test" in release_steps.stages(lab.db, lab.now)[1].let.reason
    with lab.db.transaction():
        release_steps.resume(lab.db, version(lab), platform="", now=lab.now, **WHO)
    assert stage() == (Stage.WIDER, 0, 3)


def test_a_pilot_that_is_out_at_a_silent_host_is_ordered_again(lab, rounds):
    lab.deploy(workunits=3)
    rounds.compute(2)
    lab.order(1)
    assert release_steps.stages(lab.db, lab.now)[1].missing == 0
    lab.later(hours=3)
    lab.db.execute("UPDATE host SET seen_at = :now", now=at(lab.now))
    assert release_steps.stages(lab.db, lab.now)[1].missing == 0  # a long task of a host that is heard from
    lab.later(hours=3)
    assert release_steps.stages(lab.db, lab.now)[1].missing == 1


def test_what_was_halted_begins_anew_when_somebody_says_so(lab, rounds):
    lab.deploy(workunits=9, max_failures=9)
    rounds.compute(2, by=lambda _order: None)
    with lab.db.transaction():
        assert release_steps.is_due(lab.db)
        assert release_steps.settle(lab.db, lab.now) == 1
        assert release_steps.settle(lab.db, lab.now) == 0  # said once
        assert not release_steps.is_due(lab.db)
    assert release_steps.stages(lab.db, lab.now)[1].let.stage is Stage.PAUSED
    lab.later(seconds=1)
    with lab.db.transaction():
        assert release_steps.resume(lab.db, version(lab), platform="", now=lab.now, **WHO) == "its halt"
    assert release_steps.stages(lab.db, lab.now)[1].let.stage is Stage.PILOT
    assert changes(lab) == [Change.HALTED, Change.RESUMED]
    rounds.compute(1)


def test_what_makes_no_sense_is_refused_and_changes_nothing(lab, prepared):
    before = changes(lab)
    with pytest.raises(Refused):  # it is not paused
        release_steps.resume(lab.db, version(lab), platform="", now=lab.now, **WHO)
    with pytest.raises(Refused):  # there is none to go back to
        back(lab)
    lab.publish(prepared(top="# another"))
    with pytest.raises(NotFound, match="7"):
        back(lab, to=7)
    with pytest.raises(Refused):  # its newest
        back(lab, to=2)
    assert changes(lab) == before
    for do in (
        lambda: release_steps.pause(lab.db, version(lab), platform="", now=lab.now, **WHO),
        lambda: release_steps.approve(lab.db, version(lab), now=lab.now, **WHO),
    ):
        do()
        with pytest.raises(Refused):
            do()


def test_rolled_back_what_waits_gets_the_earlier_bundle_under_a_new_serial(lab, rounds, prepared):
    lab.deploy(workunits=6)
    rounds.compute(3)
    with lab.db.transaction():
        release_steps.settle(lab.db, lab.now)
    worse = lab.publish(prepared(top="# worse"))
    out = lab.order(1)
    assert out.bundle == worse.digest
    done = back(lab)
    assert (done.was, done.serial, done.instead_of, done.digest) == (1, 3, 2, prepared().digest)
    assert (done.unsent, done.out) == (2, 1)
    stored = experiments.bundle_now(lab.db, 1)
    seal = read_seal(stored.seal, trust=lab.keys.trust, now=lab.now)
    assert (seal.serial, seal.digest) == (3, prepared().digest)
    assert release_steps.stages(lab.db, lab.now)[1].let.stage is Stage.WIDER  # it was so far before
    lab.report(out, lab.output(out))
    lab.validate()
    assert lab.db.one("SELECT state FROM task WHERE id = :id", id=out.task)["state"] == "valid"
    assert lab.order(1).bundle == prepared().digest
    with pytest.raises(Withdrawn):
        lab.publish(prepared(top="# worse"))
    assert lab.publish(prepared()).change == "unchanged"
    assert lab.publish(prepared(top="# better")).serial == 4
    assert lab.broken() == {}


def test_a_lost_task_of_before_is_not_sent_with_a_seal_that_its_host_would_refuse(lab, prepared):
    lab.deploy()
    lost = lab.order(1)
    lab.publish(prepared(top="# worse"))
    back(lab)
    assert lab.ask(1, holding=(), wanted=0).orders == ()
    (again,) = lab.ask(1, holding=(), wanted=1).orders
    assert (again.task != lost.task, again.bundle) == (True, lost.bundle)
    assert lab.broken() == {}


@pytest.mark.parametrize("ends", ["killed", "committed"])
def test_killed_half_way_nothing_or_all_of_it_is_there(lab, prepared, ends):
    lab.publish(prepared(top="# worse"))
    before = (changes(lab), experiments.bundle_now(lab.db, 1).serial)
    lab.db.execute("BEGIN IMMEDIATE")
    roll_back(lab.db, lab.folder, version(lab), to=None, keys=lab.keys, good_for=timedelta(days=9), now=lab.now, **WHO)
    if ends == "committed":
        lab.db.execute("COMMIT")
    lab.db.close()
    lab.db, lab.known = connect_writer(lab.folder.database), DispatchCache()
    found = (changes(lab), experiments.bundle_now(lab.db, 1).serial)
    assert found == (before if ends == "killed" else ([*before[0], Change.ROLLED_BACK], 3))
    assert lab.broken() == {}

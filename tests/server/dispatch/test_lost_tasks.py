"""What a host lost comes again, as it was sent and within what it asks for."""

from dispatch_calls import hand, tasks_of

from axiom.domain.fleet import Standing
from axiom.server.dispatch import lost_tasks
from axiom.store.hosts import hosts


def test_lost_tasks_come_again_within_what_was_asked_for(working_lab):
    working_lab.deploy(workunits=5)
    hosts.set_standing(working_lab.db, 1, Standing(valid_in_row=1))  # it may have as many as any
    first = hand(working_lab, 1, 4).granted
    handed = hand(working_lab, 1, 3, holding=[first[0].task])
    assert (handed.lost, handed.granted, handed.reason) == (first[1:], (), "3 lost tasks sent again")
    handed = hand(working_lab, 1, 2, holding=[task.task for task in first[:3]])
    assert (handed.lost, tasks_of(handed)) == (first[3:], [5])
    handed = hand(working_lab, 1, 1, holding=[], most=2)
    assert handed.lost == first[:2]
    assert hand(working_lab, 1, 0, holding=[], most=0).lost == ()


def test_what_cannot_come_again_holds_back_nothing_behind_it(working_lab, monkeypatch):
    monkeypatch.setattr(lost_tasks, "_LOOKED_AT_ONCE", 2)
    working_lab.deploy(workunits=4)
    hosts.set_standing(working_lab.db, 1, Standing(valid_in_row=1))
    *_, last = hand(working_lab, 1, 4).granted
    working_lab.db.execute("UPDATE task SET gpu = 'NVIDIA' WHERE id <> :last", last=last.task)  # for which it has none
    assert hand(working_lab, 1, 1, holding=[], most=1).lost == (last,)


def test_a_lost_task_keeps_the_bundle_under_which_it_was_sent(working_lab, prepared):
    (given,) = hand(working_lab, 1).granted
    working_lab.publish(prepared(top="REPAIRED = True"))
    (again,) = hand(working_lab, 1, holding=[]).lost
    assert again == given
    working_lab.deploy()
    (fresh,) = hand(working_lab, 1).granted
    assert (fresh.bundle, given.bundle) == (prepared(top="REPAIRED = True").digest, prepared().digest)
    assert fresh.seal != given.seal

"""What a restored laboratory forgot comes back by its ticket, and holds up nothing that comes beside it."""

from contextlib import closing

import pytest
from scheduler_calls import Client, Exchange

from axiom.errors import StoreBusy
from axiom.server.returns import tasks_after_restore
from axiom.store.engine.database import connect_writer
from axiom.store.experiments import experiments
from axiom.store.journal import history
from axiom.store.registrations import seed_secrets
from axiom.store.tasks import workunits


@pytest.fixture
def back(working_lab, secrets):
    """A laboratory of before a bundle was renewed and three tasks were sent, their client, and what they were."""
    before = Exchange(working_lab, secrets)
    client = Client(before.join().key)
    before.call(client)
    before.close()
    backup = working_lab.folder.database.read_bytes()

    def send(prepared=None, meanwhile=None):
        with closing(connect_writer(working_lab.folder.database)) as working_lab.db:
            if prepared is not None:
                working_lab.later(minutes=1)
                working_lab.publish(prepared)
        lost = Exchange(working_lab, secrets)
        lost.deploy(2)
        handed = list(lost.call(client, ask=1e6).tasks.values()) if meanwhile is None else meanwhile(lost, client)
        lost.close()
        working_lab.folder.database.write_bytes(backup)
        if meanwhile is not None:
            with closing(connect_writer(working_lab.folder.database)) as db:
                history.fork_history(db, working_lab.now)
        opened.append(Exchange(working_lab, secrets))
        return opened[0], client, handed

    opened = []
    yield send
    for exchange in opened:
        exchange.close()


def names(handed):
    return [task.task.findtext("name") for task in handed]


def states(restored, handed):
    return [(restored.task(task.order.task) or {"state": "forgotten"})["state"] for task in handed]


def test_one_that_is_reported_twice_at_once_comes_back_once(back):
    restored, client, handed = back()
    assert states(restored, handed) == ["unsent", "forgotten", "forgotten"]
    words = [restored.upload(task) for task in handed]
    heard = restored.call(client, *words, words[0], words[2])
    assert heard.credit == pytest.approx(3 * 0.02)
    assert states(restored, handed) == ["valid"] * 3
    assert restored.broken() == {}


def test_a_bundle_of_after_the_backup_holds_up_nothing(back, prepared):
    restored, client, handed = back(prepared(top="import math"))
    heard = restored.call(client, *map(restored.upload, handed), ask=1e6)
    assert heard.named("result_ack") == names(handed)
    assert states(restored, handed) == ["sent", "forgotten", "forgotten"]  # as it waits here, it is given out anew
    assert (len(heard.tasks), restored.broken()) == (1, {})


def test_what_nobody_foresaw_holds_up_nothing(back, monkeypatch, caplog):
    restored, client, handed = back()
    admit = tasks_after_restore.workunits.admit_task

    def stumble(db, task_id, wanted):
        admit(db, task_id, wanted)
        if task_id == handed[1].order.task:
            raise RuntimeError("a fault of ours")

    monkeypatch.setattr(tasks_after_restore.workunits, "admit_task", stumble)
    heard = restored.call(client, *map(restored.upload, handed))
    assert heard.named("result_ack") == names(handed)
    assert states(restored, handed) == ["valid", "forgotten", "valid"]
    assert "a fault of ours" in caplog.text
    assert restored.broken() == {}


def test_a_store_that_is_busy_acknowledges_nothing_of_it(back, monkeypatch):
    restored, client, handed = back()
    words = [restored.upload(task) for task in handed]

    def busy(*_):
        raise StoreBusy("busy")

    monkeypatch.setattr(tasks_after_restore.blobs, "read_blob", busy)
    assert restored.say(client.words(*words)).named("result_ack") == []
    monkeypatch.undo()
    assert restored.call(client, *words).named("result_ack") == names(handed)
    assert states(restored, handed) == ["valid"] * 3


def test_a_host_cannot_say_where_numbers_go_on(back):
    restored, client, handed = back()
    name, far = handed[2].task.findtext("name"), 10**18 - 1
    heard = restored.call(client, restored.upload(handed[2]).replace("-w3-", f"-w{far}-"))
    assert heard.named("result_ack") == [name.replace("-w3-", f"-w{far}-")]
    restored.deploy(1)
    assert restored.do(lambda db: workunits.find_workunit(db, far)) is None
    assert restored.do(lambda db: workunits.list_open_workunits(db, 1, after=0, limit=9)) == [1, 2]


def test_a_host_keeps_what_it_was_given_after_the_backup_and_is_paid_for_it(back):
    newer = Client("", cpid="2" * 32)

    def meanwhile(lost, known):
        newer.key = known.key
        lost.deploy(1)
        for _ in range(2):
            lost.call(known, ask=1.0)
            lost.call(newer, ask=1.0)
        return list(known.tasks.values())

    restored, known, in_hand = back(meanwhile=meanwhile)
    assert [restored.task(handed.order.task) is None for handed in in_hand] == [False, True]
    heard = restored.call(known)
    assert (heard.named("result_abort"), heard.named("result_abort_if_not_started")) == ([], [])
    unknown = ["tiny_sum-1-w1-t0_0", f"tiny_sum-1-w1-t{2 * history.SKIPPED}_0", "axiom_ok_00001_0"]
    known.tasks |= dict.fromkeys(unknown)  # names that no history gave
    assert restored.call(known).named("result_abort") == unknown
    restored.lab.later(hours=1)  # so that a new order would not be the old one
    again = restored.call(known, ask=1e6).tasks
    assert again.keys().isdisjoint(handed.task.findtext("name") for handed in in_hand)
    heard = restored.call(known, *[restored.upload(handed) for handed in in_hand])
    assert heard.credit == pytest.approx(2 * 0.02)
    assert [restored.task(handed.order.task)["state"] for handed in in_hand] == ["valid", "valid"]
    lost, number = list(newer.tasks), newer.host  # a host that is newer than the backup cannot bring them
    assert restored.call(newer).named("result_abort") == lost
    assert newer.host > history.SKIPPED > number
    assert restored.broken() == {}


def test_what_follows_from_a_secret_of_after_the_backup_is_refused(back, monkeypatch):
    monkeypatch.setattr(seed_secrets, "new_secret", lambda: "6" * 64)

    def meanwhile(lost, client):
        lost.do(lambda db: seed_secrets.reveal_secrets(db, 1, lost.lab.now))
        lost.deploy(2)
        return list(lost.call(client, ask=1e6).tasks.values())

    restored, client, handed = back(meanwhile=meanwhile)
    heard = restored.call(client, *map(restored.upload, handed))
    assert heard.named("result_ack") == names(handed)
    assert states(restored, handed) == ["valid"] * 3 + ["forgotten"] * 2
    assert restored.broken() == {}


def test_a_number_that_was_issued_again_with_another_seed_counts_once(back, monkeypatch):
    restored, client, handed = back()
    monkeypatch.setattr(seed_secrets, "new_secret", lambda: "6" * 64)
    restored.do(lambda db: seed_secrets.reveal_secrets(db, 1, restored.lab.now))
    restored.deploy(2)
    seeds = restored.do(lambda db: experiments.read_seeds(db, 1, (0, 1, 2)))
    assert {seed for task in handed for seed in task.order.seeds} & set(seeds) == {seeds[0]}
    restored.call(client, *map(restored.upload, handed))
    counted = restored.do(lambda db: db.select("SELECT replicate, seed FROM result ORDER BY replicate"))
    assert {(row["replicate"], row["seed"]) for row in counted} == {(0, seeds[0])}
    assert restored.broken() == {}

"""A bundle whose bytes the disk lost keeps nobody from reporting, nor from the work of other experiments."""

import threading

import pytest
from scheduler_calls import Client, Exchange

from axiom.store.engine import blobs
from axiom.store.experiments import experiments


@pytest.fixture
def lose(exchange, prepared):
    """The store has the bundle no more; what brings it back."""

    def lost():
        archive, digest = prepared().archive, prepared().digest
        exchange.do(lambda db: db.execute("UPDATE blob SET body = x'00', size = 1 WHERE digest = :it", it=digest))
        exchange.project._archives.clear()  # as after a start
        return lambda: exchange.do(lambda db: blobs.put(db, exchange.folder, archive, exchange.lab.now))

    return lost


def test_reports_are_taken_and_the_host_hears_why_it_gets_nothing(exchange, attic, lose):
    exchange.deploy(3)
    (first,) = exchange.call(attic, ask=1.0).tasks.values()
    mend = lose()
    heard = exchange.call(attic, exchange.upload(first), ask=1.0)
    assert heard.credit > 0
    assert heard.tasks == {}
    assert any("damaged" in words for _, words in heard.words)
    mend()
    exchange.lab.later(minutes=11)
    assert len(exchange.call(attic, ask=1.0).tasks) == 1
    assert exchange.broken() == {}


def test_what_was_lost_waits_until_the_bundle_is_back(exchange, attic, lose):
    (name,) = exchange.call(attic, ask=1.0).tasks
    mend = lose()
    attic.tasks.clear()
    assert exchange.call(attic, ask=1.0).tasks == {}
    mend()
    exchange.lab.later(minutes=11)
    assert list(exchange.call(attic, ask=1.0).tasks) == [name]


def test_whoever_asks_at_the_same_moment_hears_the_same(exchange, ann, lose):
    exchange.deploy(3)
    clients = [Client(ann.key, cpid=str(number) * 32) for number in range(1, 4)]
    for client in clients:
        exchange.call(client)
    lose()
    begun, goes_on = threading.Event(), threading.Event()
    held = exchange.writer.submit(lambda _: begun.set() or goes_on.wait(20))  # so that the others make one group
    begun.wait(20)
    answers = [exchange.project.scheduler(client.words(ask=1.0)) for client in clients]
    goes_on.set()
    held.result(20)
    assert all(b"damaged" in bytes(answer.result(20)) for answer in answers)


def test_other_work_goes_out_all_the_same(working_lab, secrets, prepared):
    working_lab.publish(prepared(version=2))
    with working_lab.db.transaction():
        experiments.reopen(working_lab.db, 1)
    working_lab.deploy(1, workunits=2)
    working_lab.deploy(2, workunits=2)
    exchange = Exchange(working_lab, secrets)
    client = Client(exchange.join().key)
    damaged = prepared(version=2).digest
    exchange.do(lambda db: db.execute("UPDATE blob SET size = 1 WHERE digest = :damaged", damaged=damaged))
    names = exchange.call(client, ask=1e6).tasks
    assert sorted(name[: len("tiny_sum-1")] for name in names) == ["tiny_sum-1"] * 2
    exchange.close()

"""Absurd reports in a client's own bytes, outputs and bundles that the laboratory's own disk does not give back."""

import errno
import re
import threading
from pathlib import Path

import pytest
from patience import PATIENCE
from scheduler_calls import Client, Exchange, report

from axiom.errors import StoreBusy
from axiom.laboratory.failures.rules.failures import group_failures
from axiom.laboratory.rounds.steps.failures import count_failures
from axiom.store.credit import ledger
from axiom.store.engine import blobs
from axiom.store.experiments import experiments
from axiom.store.tasks import endings

OUT_SECONDS = 100.0
MOST_CREDIT = (OUT_SECONDS + 60.0) / 100.0  # by the default tariff: no more time than passed, and a minute for clocks
TIMES = [
    ("-5", "nan"),
    ("5000", "2.5"),
    ("-1e300", "1e9"),
    ("inf", "-3"),
    ("1e400", "5000"),
    ("two hours", ""),
    ("", "0x10"),
]


def test_absurd_times_are_bounded_and_whoever_says_them_gets_no_more_than_passed(exchange, attic):
    exchange.deploy(len(TIMES) - 1)
    exchange.call(attic, ask=1e6)
    assert len(attic.tasks) == len(TIMES)
    for (elapsed, cpu), (name, handed) in zip(TIMES, list(attic.tasks.items()), strict=True):
        exchange.lab.later(seconds=OUT_SECONDS)
        before = exchange.call(attic).credit
        words = re.sub("<final_cpu_time>.*?<", f"<final_cpu_time>{cpu}<", exchange.upload(handed))
        words = re.sub("<final_elapsed_time>.*?<", f"<final_elapsed_time>{elapsed}<", words)
        assert exchange.call(attic, words).named("result_ack") == [name]
        exchange.judge_and_pay()
        assert exchange.task(handed.order.task)["state"] == "valid"
        (award,) = exchange.do(lambda db, task=handed.order.task: ledger.list_task_awards(db, task))
        most = MOST_CREDIT * (1 + TIMES.index((elapsed, cpu)))  # all of them are out since the beginning
        assert 0 <= award.amount <= 1_000 * most
        assert award.because
        assert before <= exchange.call(attic).credit <= before + most
    assert exchange.broken() == {}


STATUSES = ["77777", f"{-(2**31)}", f"{2**32 - 1}", "9999999999", "-1", "255", "banana", "1e5", ""]


def test_an_exit_status_that_nobody_knows_is_a_failure_and_takes_nothing_else_down(exchange, attic):
    exchange.deploy(len(STATUSES))
    exchange.call(attic, ask=1e6)
    *odd, last = attic.tasks.values()
    assert len(odd) == len(STATUSES)
    words = [
        report(handed.task.findtext("name"), status=1, state=3, said="<b>Buy this</b>").replace(
            "<exit_status>1<", f"<exit_status>{status}<"
        )
        for handed, status in zip(odd, STATUSES, strict=True)
    ]
    heard = exchange.call(attic, *words, exchange.upload(last))
    assert len(heard.named("result_ack")) == len(STATUSES) + 1
    exchange.judge_and_pay()
    assert exchange.task(last.order.task)["state"] == "valid"
    ended = [exchange.task(handed.order.task) for handed in odd]
    assert {task["state"] for task in ended} <= {"failed", "aborted"}
    assert all(len(task["reason"]) > 10 and "Buy" not in task["reason"] for task in ended)
    exchange.lab.later(seconds=1)
    exchange.do(lambda db: count_failures(db, exchange.lab.now))
    groups = exchange.do(lambda db: group_failures(endings.list_failure_counts(db), endings.list_working_hosts(db)))
    assert sum(group.tasks for group in groups) == len(STATUSES)
    assert exchange.broken() == {}


def refuse(monkeypatch, number):
    """From here on no stored file can be read, for this reason."""
    read = Path.read_bytes

    def read_bytes(path):
        if len(path.name) == 62:
            raise OSError(number, "the disk says no")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)


@pytest.mark.parametrize("how", ["brought so", "gone", errno.EIO, errno.EMFILE])
def test_a_host_is_blamed_for_what_it_brought_and_not_for_what_was_lost_here(exchange, attic, monkeypatch, how):
    def standing():
        return exchange.do(lambda db: db.row("SELECT valid_in_row, quota FROM host WHERE id = :id", id=attic.host))

    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    with monkeypatch.context() as patched:
        patched.setattr(exchange.scheduler.handler.rate, "may_judge", lambda _: False)  # nobody looks at it yet
        exchange.call(attic, exchange.upload(handed, b"x" * 100_000))  # so large that it lies in a file
    before = standing()
    if how == "gone":
        for path in exchange.folder.blobs.glob("??/*"):
            path.unlink()
    elif how != "brought so":
        refuse(monkeypatch, how)
    if how == errno.EMFILE:  # what cannot be read for a moment is judged later
        with pytest.raises(StoreBusy):
            exchange.judge_and_pay()
        assert exchange.task(1)["state"] == "returned"
        return
    exchange.judge_and_pay()
    monkeypatch.undo()
    assert exchange.task(1)["state"] == "invalid"
    assert (standing() == before) == (how != "brought so")
    assert (exchange.do(lambda db: db.select("SELECT * FROM notice")) == []) == (how != "brought so")
    assert exchange.do(lambda db: db.row("SELECT state FROM workunit WHERE id = 1"))["state"] == "open"


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES])
@pytest.mark.parametrize("size", [100_000, 400_000], ids=["from memory", "from its file"])
def test_an_upload_is_answered_whatever_the_disk_says(exchange, attic, monkeypatch, number, size):
    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    refuse(monkeypatch, number)
    if number == errno.EMFILE:
        with pytest.raises(AssertionError, match="<status>1</status>"):
            exchange.upload(handed, b"x" * size)
        monkeypatch.undo()
    exchange.upload(handed, b"x" * size)


def test_without_its_bundle_reports_are_taken_and_who_asks_hears_why_there_is_none(exchange, ann, attic, prepared):
    exchange.deploy(5)
    clients = [Client(ann.key, cpid=str(number) * 32) for number in range(2, 5)]
    for client in clients:
        exchange.call(client)
    first, second = exchange.call(attic, cpu_req_instances=2).tasks.values()
    archive, digest = prepared().archive, prepared().digest
    exchange.do(lambda db: db.execute("UPDATE blob SET body = x'00', size = 1 WHERE digest = :it", it=digest))
    exchange.scheduler = exchange.open_scheduler()  # as after a start
    begun, goes_on = threading.Event(), threading.Event()
    holding = exchange.writer.submit(lambda _: begun.set() or goes_on.wait(PATIENCE))  # the others make one group
    assert begun.wait(PATIENCE)
    answers = [exchange.scheduler.answer_request(client.words(ask=1.0)) for client in clients]
    goes_on.set()
    holding.result(PATIENCE)
    assert all(b"damaged" in bytes(answer.result(PATIENCE)) for answer in answers)
    attic.tasks.pop(second.task.findtext("name"))
    heard = exchange.call(attic, exchange.upload(first), ask=1.0)
    assert heard.credit > 0
    assert heard.tasks == {}
    assert any("damaged" in words for _, words in heard.words)
    exchange.do(lambda db: blobs.store_blob(db, exchange.folder, archive, exchange.lab.now))
    exchange.lab.later(minutes=11)
    assert second.task.findtext("name") in exchange.call(attic, ask=1.0).tasks
    assert exchange.broken() == {}


def test_work_with_another_bundle_goes_out_all_the_same(working_lab, secrets, prepared):
    working_lab.publish(prepared(version=2))
    experiments.reopen_experiment(working_lab.db, 1)
    working_lab.deploy(1, workunits=2)
    working_lab.deploy(2, workunits=2)
    exchange = Exchange(working_lab, secrets)
    client = Client(exchange.join().key)
    damaged = prepared(version=2).digest
    exchange.do(lambda db: db.execute("UPDATE blob SET size = 1 WHERE digest = :damaged", damaged=damaged))
    names = exchange.call(client, ask=1e6).tasks
    assert sorted(name[: len("tiny_sum-1")] for name in names) == ["tiny_sum-1"] * 2
    exchange.close()

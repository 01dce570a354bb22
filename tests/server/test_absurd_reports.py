"""Times that no task takes and exit statuses that nobody knows, in a client's own bytes: bounded, and said in words."""

import re

import pytest
from scheduler_calls import Client, report

from axiom.decisions.upkeep.failures import grouped
from axiom.lab.steps.failures import count
from axiom.store.credit import ledger
from axiom.store.tasks import endings

OUT_SECONDS = 100.0
MOST_CREDIT = (OUT_SECONDS + 60.0) / 100.0  # by the default tariff: no more time than passed, and a minute for clocks


def claiming(words: str, cpu: str, elapsed: str) -> str:
    """A report with other times."""
    words = re.sub("<final_cpu_time>.*?<", f"<final_cpu_time>{cpu}<", words)
    return re.sub("<final_elapsed_time>.*?<", f"<final_elapsed_time>{elapsed}<", words)


TIMES = ["-5", "5000", "-1e300", "nan", "inf", "-inf", "1e400", "99999999999", "1e9", "two hours", "", "1e-320", "0x10"]


@pytest.mark.parametrize("elapsed", TIMES)
@pytest.mark.parametrize("cpu", ["2.5", "5000", "1e9", "-3", "nan"])
def test_absurd_times_are_bounded_and_whoever_says_them_gets_no_more_than_passed(exchange, attic, cpu, elapsed):
    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    exchange.lab.later(seconds=OUT_SECONDS)
    heard = exchange.call(attic, claiming(exchange.upload(handed), cpu, elapsed))
    assert heard.named("result_ack") == [handed.task.findtext("name")]
    exchange.settle()
    assert exchange.task(1)["state"] == "valid"
    (award,) = exchange.do(lambda db: ledger.of_task(db, 1))
    assert 0 <= award.amount <= 1_000 * MOST_CREDIT
    assert award.because
    assert 0 <= exchange.call(attic).credit <= MOST_CREDIT
    assert exchange.broken() == {}


STATUSES = [77_777, 2**31 - 1, -(2**31), 2**32 - 1, 9_999_999_999, -1, 255, 0x8000_0001]


@pytest.mark.parametrize("status", STATUSES)
def test_an_exit_status_that_nobody_knows_is_a_failure_in_our_own_words(exchange, attic, status):
    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    name = handed.task.findtext("name")
    heard = exchange.call(attic, report(name, status=status, state=3, said="<b>Buy this</b>"))
    assert heard.named("result_ack") == [name]
    task = exchange.task(1)
    assert task["state"] in {"failed", "aborted"}
    assert len(task["reason"]) > 10
    assert "Buy" not in task["reason"]
    exchange.lab.later(seconds=1)
    exchange.do(lambda db: count(db, exchange.lab.now))
    (group,) = exchange.do(lambda db: grouped(endings.failed(db), endings.worked(db)))
    assert group.tasks == 1
    assert group.cause.words
    assert exchange.broken() == {}


@pytest.mark.parametrize("said", ["banana", "1e5", "99999999999999999999999", ""])
def test_an_exit_status_that_is_no_number_takes_nothing_else_down(exchange, ann, said):
    exchange.deploy(1)
    client = Client(ann.key)
    first, second = exchange.call(client, ask=500.0).tasks.values()
    odd = report(first.task.findtext("name"), status=1, state=3).replace("<exit_status>1<", f"<exit_status>{said}<")
    heard = exchange.call(client, odd, exchange.upload(second))
    assert second.task.findtext("name") in heard.named("result_ack")
    exchange.settle()
    assert exchange.task(second.order.task)["state"] == "valid"
    assert exchange.task(first.order.task)["state"] != "valid"
    assert exchange.broken() == {}

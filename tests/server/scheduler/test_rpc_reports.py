"""What clients bring: every report is acknowledged, each counts once, and nothing counts without its proof."""

import logging
import re

import pytest
import stored_work
from scheduler_calls import Client, report

from axiom.domain.credit import Reason
from axiom.domain.failure_causes import Cause
from axiom.domain.fleet import Standing
from axiom.domain.rounds import Allotment
from axiom.domain.work import Exit, read_task_name
from axiom.errors import NotFound, Refused
from axiom.laboratory.credit.pay import CreditPayer, read_tariffs
from axiom.laboratory.planning.replicate_orders import order_replicates
from axiom.laboratory.tasks.commands import AbortTask
from axiom.limits import tasks as limits
from axiom.server.returns import host_reliability
from axiom.server.returns.validator import SLICE
from axiom.store.credit import ledger
from axiom.store.hosts import hosts
from axiom.store.tasks import tasks


def counts(exchange) -> dict[str, int]:
    tables = ("result", "award", "upload")
    return exchange.do(lambda db: {table: len(db.select(f"SELECT * FROM {table}")) for table in tables})  # noqa: S608


def name_of(handed) -> str:
    return handed.task.findtext("name")


def quota(exchange, host: int) -> int | None:
    return exchange.do(lambda db: hosts.find_host(db, host)).standing.quota


@pytest.fixture
def given(exchange, attic):
    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    return handed


def test_a_success_is_judged_and_paid_before_the_client_hears_of_it_and_counts_once(exchange, attic, given):
    exchange.call(attic)
    assert exchange.nudged == 0, "a contact without a report wakes nobody"
    words = exchange.upload(given)
    heard = exchange.call(attic, words)
    assert heard.named("result_ack") == [name_of(given)]
    task = exchange.task(1)
    assert task["state"] == "valid"
    assert task["cause"] == Cause.SUCCESS
    assert task["boinc_state"] == 5
    assert task["is_paid"] == 1
    assert (task["cpu_seconds"], task["elapsed_seconds"]) == (2.5, 3.0)
    assert heard.credit > 0
    assert heard.number("host_total_credit") == heard.credit == heard.number("user_expavg_credit")
    assert heard.credit == exchange.do(lambda db: ledger.find_balance(db, "volunteer", 2)).total / 1_000
    assert (counts(exchange), exchange.nudged) == ({"result": 2, "award": 1, "upload": 0}, 1)
    before = counts(exchange), dict(exchange.task(1))
    again = exchange.call(attic, words, words)
    assert again.named("result_ack") == [name_of(given)] * 2
    assert again.credit == heard.credit
    assert exchange.call(attic, report(name_of(given), status=203, state=6)).credit == heard.credit
    assert (counts(exchange), dict(exchange.task(1))) == before
    assert exchange.broken() == {}


@pytest.mark.parametrize("case", ["nothing was uploaded", "its digest is another", "it names another file"])
def test_a_claim_of_success_without_its_file_in_our_hands_is_none(exchange, attic, given, case):
    claim = report(name_of(given), output=given.slot.findtext("name"), md5="0" * 32)
    if case != "nothing was uploaded":
        claim = re.sub("<md5_cksum>.*?<", f"<md5_cksum>{'0' * 32}<", exchange.upload(given))
    if case == "it names another file":
        claim = report(name_of(given), output="another", md5="1" * 32)
    heard = exchange.call(attic, claim)
    assert heard.named("result_ack") == [name_of(given)]
    assert (exchange.task(1)["state"], exchange.task(1)["cause"]) == ("failed", Cause.NO_OUTPUT)
    assert (counts(exchange)["result"], heard.credit) == (0, 0)
    exchange.deploy(1)
    (again,) = exchange.call(attic, ask=1.0).tasks.values()
    exchange.upload(again)
    assert exchange.call(attic, report(name_of(again))).credit > 0, "who says nothing of files is taken by what is here"
    assert exchange.broken() == {}


UNKNOWN = [
    "axiom_ok_00001_0",
    "tiny_sum-1-w1-t99_0",
    "tiny_sum-1-w99-t98_0",
    "tiny_sum-1-w1-t999999999999999999_0",
    "another_sum-7-w1-t97_0",
    "<&>\"'",
    "é ü — ☃",
    "a" * 250,
]


def test_what_is_not_ours_is_acknowledged_lest_it_come_for_ever_and_words_are_cut(exchange, attic, given, caplog):
    for failure in ({}, {"status": 11, "state": 3}):
        heard = exchange.call(attic, *[report(name, **failure) for name in UNKNOWN])
        assert heard.named("result_ack") == UNKNOWN
    caplog.clear()
    with caplog.at_level(logging.INFO):
        bogus = [report(f"tiny_sum-1-w9-t{number}_0") for number in range(1_000, 1_300)]
        assert len(exchange.call(attic, *bogus).named("result_ack")) == 300
    (refused,) = [record.getMessage() for record in caplog.records if "report.refused" in record.getMessage()]
    assert f"host={attic.host} reports=300 first=1000 " in refused
    assert exchange.task(1)["state"] == "sent"
    written = "<b>]]>&\x01" * 1_000 + "ZeroDivisionError: the very end"
    words = f"<message>it exited</message>\n<stderr_txt>\n{written}\n</stderr_txt>"
    exchange.call(attic, report(name_of(given), status=int(Exit.CHILD_LOST), state=3, said=words))
    assert len(exchange.task(1)["message"]) <= limits.MESSAGE_CHARACTERS
    assert exchange.task(1)["message"].startswith("it exited ")
    assert exchange.task(1)["message"].endswith("the very end")
    assert "\x01" not in exchange.task(1)["message"]
    assert exchange.broken() == {}


def test_only_computers_of_the_same_volunteer_may_bring_a_task(exchange, ann, attic, given):
    thief = Client(exchange.join("Bob").key, cpid="2" * 32)
    brought = exchange.upload(given)
    heard = exchange.call(thief, brought)
    assert (heard.named("result_ack"), heard.credit) == ([name_of(given)], 0)
    assert exchange.call(thief, report(name_of(given), status=1, state=3)).named("result_ack")
    assert exchange.task(1)["state"] == "sent"
    other = Client(ann.key, cpid="3" * 32)
    assert exchange.call(other, brought).credit > 0
    assert exchange.task(1)["host_id"] == attic.host
    assert exchange.call(attic, says=True).named("result_abort_if_not_started") == [name_of(given)]
    assert exchange.broken() == {}


@pytest.mark.parametrize("ended", [(202, 6), (11, 3), (0, 3)], ids=["taken back", "died", "empty"])
def test_a_copied_folder_ends_nothing_that_the_first_computer_computes(exchange, ann, attic, given, ended):
    exchange.call(attic)
    exchange.call(attic)
    copy = Client(ann.key, host=attic.host, seqno=attic.seqno - 2, tasks=dict(attic.tasks))
    assert exchange.call(copy).named("result_abort") == [name_of(given)]
    heard = exchange.call(copy, report(name_of(given), status=ended[0], state=ended[1]))
    assert heard.named("result_ack") == [name_of(given)]
    assert (copy.host, exchange.task(1)["state"]) == (3, "sent")
    assert [quota(exchange, host) for host in (2, 3)] == [None, None]
    assert exchange.call(attic).named("result_abort") == []
    assert exchange.call(attic, exchange.upload(given)).credit > 0
    assert exchange.broken() == {}


def taken_back(*names: str) -> list[str]:
    """Reports as of tasks that the laboratory took back after forty minutes of computing."""
    reports = [report(name, status=int(Exit.ABORTED_BY_LAB), state=6) for name in names]
    return [text.replace(">2.5<", ">2400<").replace(">3.0<", ">2400<") for text in reports]


def thanks(exchange) -> list[tuple[Reason, bool]]:
    """Why a session would pay tasks that came back without a result, and whether it would pay them anything."""

    def look(db):
        paying, tariff = CreditPayer(), read_tariffs(db, exchange.lab.now)[-1].tariff
        awards = [paying.award(db, task, tariff, exchange.lab.now) for task in ledger.list_unpaid_failures(db, 100)]
        return [(award.reason, award.amount > 0) for award in awards]

    return exchange.do(look)


def test_who_says_wrongly_that_tasks_were_taken_back_is_not_paid_and_gets_fewer(exchange, attic):
    exchange.deploy(12)
    exchange.call(attic)
    exchange.call(attic, ask=1e6)
    assert len(attic.tasks) == 13
    exchange.lab.later(minutes=40)
    exchange.call(attic, *taken_back(*attic.tasks))
    assert thanks(exchange) == [(Reason.FAILED, False)] * 13
    assert quota(exchange, attic.host) == 1
    assert {exchange.task(number)["cause"] for number in range(1, 14)} == {Cause.ABORTED_BY_VOLUNTEER}
    assert exchange.broken() == {}


def abort(exchange, task_id: int, **words) -> dict:
    command = AbortTask(task=task_id, reason="it hangs", **words)
    return exchange.do(lambda db: command.apply(db, None, None, exchange.lab.now))


def test_an_aborted_task_ends_at_its_host_and_is_paid_and_another_computes_its_work(exchange, attic, given):
    assert abort(exchange, 1) == {"task": 1, "workunit": 1, "host": 2, "again": True, "parts": []}
    assert exchange.broken() == {}
    exchange.lab.later(minutes=40)
    heard = exchange.call(attic, ask=1.0)
    assert (heard.named("result_abort"), list(heard.tasks)) == ([name_of(given)], [])
    exchange.call(attic, *taken_back(name_of(given)), *taken_back(name_of(given)))
    ended = exchange.task(1)
    assert ended["state"] == "aborted"
    assert ended["cause"] == Cause.TAKEN_BACK
    assert ended["reason"] == "it hangs"
    exchange.call(attic, report(name_of(given), status=203, state=6))
    assert (exchange.task(1), thanks(exchange)) == (ended, [(Reason.BROKEN, True)])
    assert quota(exchange, attic.host) is None
    bob = Client(exchange.join("Bob").key, cpid="2" * 32)
    (copy,) = exchange.call(bob, ask=1.0).tasks.values()
    assert exchange.call(bob, exchange.upload(copy)).credit > 0
    assert exchange.broken() == {}


def test_what_an_aborted_task_brings_is_kept_and_only_a_host_that_has_it_aborts_it(exchange, attic, given):
    abort(exchange, 1)
    assert exchange.call(attic, exchange.upload(given)).credit > 0
    assert [exchange.task(number)["state"] for number in (1, 2)] == ["valid", "aborted"]  # it needs no copy
    order = Allotment(experiment_id=1, workunits=1, replicates_each=1, reason="a test")
    exchange.do(lambda db: order_replicates(db, order, max_failures=3, now=exchange.lab.now, host_id=attic.host))
    exchange.deploy(1)
    assert len(exchange.call(attic, ask=1.0).tasks) == 1
    with pytest.raises(Refused, match="host 2"):
        abort(exchange, 3)  # what is meant for one host
    assert abort(exchange, 3, again=False)["again"] is False
    states = exchange.do(lambda db: {workunit.id: workunit.state for workunit in stored_work.workunits(db)})
    assert states == {1: "done", 2: "cancelled", 3: "open"}
    for number, error in ((3, Refused), (4, Refused), (9, NotFound)):
        with pytest.raises(error):
            abort(exchange, number)
    assert exchange.broken() == {}


def test_in_a_busy_second_most_reports_are_left_to_the_jobs(exchange, ann):
    exchange.deploy(8)
    clients = [Client(ann.key, cpid=f"{number:032}") for number in range(8)]
    brought = [
        [exchange.upload(handed) for handed in exchange.call(client, ask=1.0).tasks.values()] for client in clients
    ]
    exchange.lab.later(seconds=1)
    for client, words in zip(clients, brought, strict=True):
        assert len(exchange.call(client, *words).named("result_ack")) == 1
    assert [exchange.task(number)["state"] for number in range(1, 9)] == ["valid"] * 5 + ["returned"] * 3
    assert exchange.do(lambda db: len(tasks.list_returned_tasks(db, SLICE))) == 3
    exchange.judge_and_pay()
    assert [exchange.task(number)["is_paid"] for number in range(1, 9)] == [1] * 8
    assert exchange.broken() == {}


def test_a_fault_in_judging_refuses_no_report_and_whom_it_outvotes_gets_no_more(exchange, attic, given, caplog):
    def stumble(db, _now):
        db.execute("UPDATE task SET reason = 'half done'")
        raise ZeroDivisionError

    exchange.scheduler = exchange.open_scheduler(judge_and_pay=stumble)
    heard = exchange.call(attic, exchange.upload(given))
    assert (heard.named("result_ack"), heard.credit) == ([name_of(given)], 0)
    assert exchange.task(1)["state"] == "returned"
    assert exchange.task(1)["reason"] != "half done"
    assert "rpc.unsettled" in caplog.text
    exchange.judge_and_pay()
    assert (exchange.task(1)["state"], exchange.broken()) == ("valid", {})

    def outvote(db, now):
        for _ in range(2):
            host_reliability.record_outvote(db, attic.host, now)

    exchange.deploy(10)
    (second,) = exchange.call(attic, ask=1.0).tasks.values()
    exchange.scheduler = exchange.open_scheduler(judge_and_pay=outvote)
    assert exchange.call(attic, exchange.upload(second), ask=1e6).tasks == {}  # it counts before the same reply


def test_what_is_reported_counts_before_the_same_reply_gives_or_refuses_more(exchange, attic):
    exchange.deploy(40)
    attic.cores = 1
    exchange.call(attic)
    exchange.do(lambda db: hosts.set_standing(db, attic.host, Standing(quota=1)))
    (only,) = exchange.call(attic, ask=1e6).tasks.values()
    heard = exchange.call(attic, exchange.upload(only), ask=1.0)
    assert (len(heard.tasks), heard.words) == (1, [])
    exchange.do(lambda db: hosts.set_standing(db, attic.host, Standing(valid_in_row=5)))
    exchange.call(attic, ask=1e6)
    assert len(attic.tasks) > 9
    died = [report(name, status=int(Exit.TOO_MANY_STARTS), state=3) for name in attic.tasks]
    heard = exchange.call(attic, *died, ask=1e6)
    assert (quota(exchange, attic.host), heard.tasks) == (1, {})
    assert "1 task an hour" in heard.words[0][1]
    exchange.lab.later(hours=1, seconds=1)
    assert len(exchange.call(attic, ask=1e6).tasks) == 1, "not before midnight but within an hour"


def test_a_computer_that_is_busy_with_other_work_for_days_always_gets_some(exchange, attic):
    exchange.deploy(99)
    for _ in range(5):
        given = exchange.call(attic, ask=1e6).tasks
        assert len(given) >= attic.cores
        exchange.lab.later(hours=24)
        exchange.call(attic, *(report(name, status=197, state=3, said="exceeded elapsed time limit") for name in given))
        assert {exchange.task(read_task_name(name[:-2])[1])["state"] for name in given} == {"aborted"}
        assert quota(exchange, attic.host) is None
    assert exchange.do(lambda db: db.select("SELECT id FROM workunit WHERE state <> 'open'")) == []

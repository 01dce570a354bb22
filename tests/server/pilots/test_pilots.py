"""Pilots over HTTP: who may speak, what is believed of it, who is who, and what a silent one has out."""

import http.client
import json
import re
import secrets
import threading
import time
from contextlib import ExitStack, closing
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import stored_work
from draws import secret_for
from patience import PATIENCE
from started_writer import started_writer
from work_sources import LEASE, pilot_server, pilots, say_hello

from axiom.domain.failure_causes import Cause
from axiom.domain.work import Report, TaskState, WorkunitState
from axiom.engines.http_work_source import HttpWorkSource
from axiom.errors import AxiomError, HeldByAnother, NotAllowed
from axiom.server.pilots.local_work_source import LocalWorkSource
from axiom.server.returns.take_back import end_silent_leases
from axiom.server.returns.validator import Validator
from axiom.signed.program_tokens import digest_token, new_cluster_key
from axiom.store.hosts import clusters, hosts
from axiom.store.tasks import tasks, workunits
from axiom.store.upkeep import jobs


class Cluster:
    """A laboratory that a cluster's pilots reach, and a pilot on one node of it."""

    def __init__(self, lab, writer, address, key, stack) -> None:
        self.lab, self.writer, self.address, self.key = lab, writer, address, key
        self._stack = stack
        self.source = self.pilot("node-1")

    def pilot(self, name: str, key: str = "", **how) -> HttpWorkSource:
        source = self._stack.enter_context(closing(HttpWorkSource(self.address, key or self.key)))
        timer = threading.Timer(PATIENCE, source.hurry)  # else it would ask for ever
        timer.start()
        self._stack.callback(timer.cancel)
        source.session = say_hello(source, name, **how)
        return source

    def do(self, what):
        return self.writer.run(what)

    def task(self, number: int):
        return self.do(lambda db: tasks.find_task(db, number))

    def tasks(self):
        return [(task.state, task.host_id) for task in self.do(stored_work.tasks)][::-1]

    def output(self, order) -> bytes:
        return self.lab.output(order)

    def judge(self) -> None:
        self.do(lambda db: Validator(self.lab.folder, b"a secret").judge(db, self.lab.now))

    def sweep(self) -> int:
        return self.do(lambda db: end_silent_leases(db, LEASE, self.lab.now))

    def stored(self) -> int:
        return self.do(lambda db: db.row("SELECT count(*) AS amount FROM blob WHERE brought > 0"))["amount"]

    def raw(self, what: str, body: bytes, key: str | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc)
        with closing(connection):
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            connection.request("POST", f"/pilots/{what}", body=body, headers=headers)
            reply = connection.getresponse()
            return reply.status, reply.read()


@pytest.fixture
def cluster(working_lab):
    """Three workunits wait."""
    working_lab.deploy(workunits=2)
    with ExitStack() as stack:
        writer = stack.enter_context(started_writer(working_lab))
        address, key = stack.enter_context(pilots(working_lab, writer, now=lambda: working_lab.now))
        yield Cluster(working_lab, writer, address, key, stack)


def finished(order, *, host: int | None = None, exit_status: int = 0) -> Report:
    ended = {"exit_status": exit_status, "output_digest": None, "cpu_seconds": 1.0, "elapsed_seconds": 1.0}
    return Report(task_id=order.task, host_id=host or order.host, **ended)


def test_many_tasks_are_asked_for_again_where_they_never_came_and_reported_at_once(cluster):
    wide = cluster.pilot("wide", cores=8)
    orders = wide.ask(frozenset(), 3)
    assert len(orders) == 3
    assert wide.ask(frozenset(), 3) == orders
    assert wide.held_tasks() == {order.task for order in orders}
    for _ in range(2):  # the second time nothing counts
        wide.report([(finished(order), cluster.output(order)) for order in orders])
    assert cluster.tasks() == [(TaskState.RETURNED, wide.host_id)] * 3
    cluster.judge()
    wide.report([(finished(order), cluster.output(order)) for order in orders])
    assert cluster.tasks()[:3] == [(TaskState.VALID, wide.host_id)] * 3
    assert cluster.do(lambda db: db.row("SELECT count(*) AS n FROM result"))["n"] == 6


def test_bundle_seal_and_trust_are_handed_out_and_nothing_else_or_to_a_stranger(cluster, prepared):
    assert cluster.source.bundle(prepared().digest) == prepared().archive
    assert cluster.source.seal(prepared().digest) == cluster.do(lambda db: db.row("SELECT seal FROM bundle"))["seal"]
    cluster.lab.folder.keys.mkdir(exist_ok=True)
    (cluster.lab.folder.keys / "trust.json").write_bytes(b"a chain")
    assert cluster.source.trust() == b"a chain"
    (order,) = cluster.source.ask(frozenset(), 1)
    cluster.source.report([(finished(order), cluster.output(order))])
    for digest_ in ("abcdef" * 10 + "abcd", cluster.task(order.task).output_digest):
        with pytest.raises(AxiomError, match=digest_[:12]):
            cluster.source.bundle(digest_)
    strangers = {(what, key): cluster.raw(what, b"{}", key)[0] for what in (*WHAT, "trust") for key in KEYS}
    assert set(strangers.values()) == {401}
    for what in WHAT:
        for body in BODIES:
            status, answer = cluster.raw(what, body, cluster.key)
            error = json.loads(answer)["error"]
            assert (status, error["kind"]) == (400, "MalformedRequest")
            assert not re.search(r"Expecting|codec|column|Exceeds", error["message"])  # a parser's own words
    assert cluster.source.held_tasks() == frozenset()


def test_a_report_of_more_tasks_than_may_be_is_refused_about_as_soon_as_it_is_read(cluster):
    row = {"task": 1, "exit": 0, "cpu_seconds": 0.0, "elapsed_seconds": 0.0, "message": "", "output": 1}
    line = {"host": cluster.source.host_id, "session": "0" * 64, "finished": [row] * 60_000}
    body = json.dumps(line).encode() + b"\n" + b"x" * 8_000_000
    before = time.process_time()
    for _ in range(10):
        json.loads(body.partition(b"\n")[0])
    between = time.process_time()
    assert cluster.raw("report", body, cluster.key)[0] == 400
    assert time.process_time() - between < 10 * (between - before)


KEYS = [None, "", "axiom_cluster_" + "a" * 43, "axiom_" + "a" * 43, "axiom_cluster_" + "é" * 300]
BODIES = [b"", b"{", b"[]", b"{}", b"[" * 100_000, b'{"host": true}', b"\xff\xfe"]
WHAT = ["hello", "ask", "report", "look", "give-back", "seal", "bundle"]


@pytest.mark.parametrize("ending", ["revoked", "expired", "renewed"])
def test_a_key_that_is_good_no_more_opens_nothing_and_what_it_brings_is_not_stored(cluster, ending):
    (order,) = cluster.source.ask(frozenset(), 1)
    known = cluster.do(lambda db: clusters.find_cluster(db, "alpha"))
    if ending == "revoked":
        assert cluster.do(lambda db: clusters.end_cluster(db, known.id, cluster.lab.now))
    elif ending == "expired":
        cluster.lab.later(days=1)
    else:
        key, later = new_cluster_key(), cluster.lab.now + timedelta(days=1)
        cluster.do(lambda db: clusters.renew_cluster_key(db, known.id, key_digest=digest_token(key), expires_at=later))
    with pytest.raises(NotAllowed):
        cluster.source.report([(finished(order), cluster.output(order))])
    assert cluster.source.refused is not None
    assert cluster.task(order.task).state is TaskState.SENT
    assert cluster.stored() == 0
    if ending == "renewed":  # it is the same cluster
        assert cluster.pilot("node-1", key, before=[cluster.source.session]).host_id == cluster.source.host_id


def test_a_cluster_speaks_for_no_other_and_what_is_forged_is_noticed(cluster):
    key, later = new_cluster_key(), cluster.lab.now + timedelta(days=1)
    cluster.do(
        lambda db: clusters.add_cluster(
            db, name="beta", key_digest=digest_token(key), expires_at=later, now=cluster.lab.now
        )
    )
    other = cluster.pilot("elsewhere", key)
    (mine,), (order,) = (source.ask(frozenset(), 1) for source in (cluster.source, other))
    assert order.task != mine.task
    cluster.source.report([(finished(order, host=cluster.source.host_id), cluster.output(order))])
    assert cluster.task(order.task).state is TaskState.SENT
    assert cluster.stored() == 0
    other._who = dict(cluster.source._who)
    with pytest.raises(NotAllowed, match="beta"):
        other.ask(frozenset(), 1)
    order = mine
    forged = cluster.output(order).replace(b'"total":0.5', b'"total":9.5')
    never = Report(task_id=999, host_id=1, exit_status=0, output_digest=None, cpu_seconds=0.0, elapsed_seconds=0.0)
    cluster.source.report([(never, b"a lie"), (finished(order), b"{}\n" + forged)])
    assert (cluster.task(order.task).state, cluster.stored()) == (TaskState.RETURNED, 1)
    cluster.judge()
    assert cluster.task(order.task).state is TaskState.INVALID


@pytest.mark.parametrize("is_other", [False, True])
def test_a_task_that_is_reported_twice_at_once_keeps_the_output_that_was_taken(cluster, is_other):
    (order,) = cluster.source.ask(frozenset(), 1)
    host, body = cluster.source.host_id, cluster.output(order)
    again = body.replace(b'"total":0.5', b'"total":9.5') if is_other else body
    cluster.source.report([(finished(order, host=host), body), (finished(order, host=host), again)])
    assert (cluster.task(order.task).state, cluster.stored()) == (TaskState.RETURNED, 1)
    cluster.judge()
    assert cluster.task(order.task).state is TaskState.VALID


def test_a_pilot_waits_while_a_proxy_says_that_the_laboratory_is_down():
    replies = [(521, b"<html>"), (200, b"a chain")]

    class Proxy:
        sock = None

        def request(self, *_, **__) -> None:
            self.status, self.body = replies.pop(0)

        def getresponse(self):
            return self

        def read(self, _most) -> bytes:
            return self.body

    assert HttpWorkSource("http://localhost", connect=lambda _timeout: Proxy()).trust() == b"a chain"


def test_two_pilots_of_a_name_differ_and_one_that_returns_to_its_folder_is_the_same(cluster):
    again = cluster.pilot("node-1")
    assert (cluster.source.name, again.name) == ("node-1", "node-1 (2)")
    assert again.host_id != cluster.source.host_id
    (order,) = cluster.source.ask(frozenset(), 1)
    assert [other.task for other in again.ask(frozenset(), 1)] != [order.task]
    session = secrets.token_hex(32)
    assert [cluster.pilot("node-2", session=session).name for _ in range(2)] == [
        "node-2"
    ] * 2  # a lost hello is said again
    again = cluster.pilot("node-1", before=[cluster.source.session])
    assert again.host_id == cluster.source.host_id
    assert again.held_tasks() == {order.task}
    with pytest.raises(HeldByAnother):
        cluster.source.ask(frozenset(), 1)
    assert cluster.source.refused is not None


def test_the_name_of_a_pilot_that_is_gone_is_free(cluster):
    cluster.source.give_back((), is_over=True)
    again = cluster.pilot("node-1")
    cluster.lab.now += LEASE + timedelta(seconds=1)  # silence, after the goodbye of the first
    assert cluster.pilot("node-1").host_id == again.host_id == cluster.source.host_id


def test_what_a_silent_pilot_has_goes_to_others_and_its_late_report_is_taken_once(cluster):
    (order,) = cluster.source.ask(frozenset(), 1)
    for _ in range(4):  # a pilot that speaks keeps what it has
        cluster.lab.now += LEASE / 2
        cluster.source.to_drop(frozenset({order.task}))
        assert cluster.sweep() == 0
    cluster.lab.now += 3 * LEASE
    cluster.do(
        lambda db: jobs.record_job_start(db, "start", 0.0, cluster.lab.now)
    )  # while nobody listened nobody was silent
    cluster.lab.now += LEASE - timedelta(seconds=1)
    assert cluster.sweep() == 0
    cluster.lab.now += timedelta(seconds=1)
    assert [cluster.sweep() for _ in range(2)] == [1, 0]
    assert cluster.task(order.task).state == TaskState.ABORTED
    assert cluster.task(order.task).cause == Cause.TAKEN_BACK
    assert cluster.do(lambda db: hosts.find_host(db, order.host)).standing.quota is None
    other = cluster.pilot("node-2", cores=4)
    (copy,) = [given for given in other.ask(frozenset(), 4) if given.seeds == order.seeds]
    cluster.source.report([(finished(order), cluster.output(order))])
    other.report([(finished(copy), cluster.output(copy))])
    cluster.judge()
    assert {cluster.task(given.task).state for given in (order, copy)} == {TaskState.VALID}
    number = cluster.task(order.task).workunit_id
    assert cluster.do(lambda db: workunits.find_workunit(db, number)).state is WorkunitState.DONE
    assert cluster.do(lambda db: db.row("SELECT count(*) AS n FROM result"))["n"] == 2


def test_a_cluster_s_tasks_are_checked_by_others_than_its_own_pilots(cluster):
    (order,) = cluster.source.ask(frozenset(), 1)
    cluster.source.report([(finished(order), cluster.output(order))])
    secret = secret_for(order.task, among=12)
    cluster.do(lambda db: Validator(cluster.lab.folder, secret).judge(db, cluster.lab.now))
    checks = cluster.do(lambda db: db.select("SELECT checks_task_id FROM workunit WHERE checks_task_id IS NOT NULL"))
    assert [row["checks_task_id"] for row in checks] == [order.task]
    others = cluster.pilot("node-9", cores=8).ask(frozenset(), 8)
    assert others
    assert all(given.seeds != order.seeds for given in others)
    server = pilot_server(cluster.lab, now=lambda: cluster.lab.now)
    ours = LocalWorkSource(writer=cluster.writer, pilots=server, host_id=1)
    assert [given.seeds for given in ours.ask(frozenset(), 1)] == [order.seeds]

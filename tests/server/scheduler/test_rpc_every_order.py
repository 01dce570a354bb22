"""In whatever order two volunteers' clients call, lose, report and forget, every promise holds and nothing is lost."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import stored_work
from scheduler_calls import Client, Exchange, report

from axiom.domain.work import Exit, TaskState
from axiom.store.connections import Connections
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import workunits


@dataclass(kw_only=True)
class Story:
    """Two clients of two volunteers. Each method is one thing that may happen; `chance` decides its details."""

    exchange: Exchange
    clients: list[Client] = field(default_factory=list)
    given: dict = field(default_factory=dict)  # every task ever sent: its order and the host that it is for
    acknowledged: set = field(default_factory=set)
    seen: Counter = field(default_factory=Counter)

    def begin(self) -> None:
        self.exchange.deploy(4)
        for number, name in enumerate(("Ann", "Bob"), start=1):
            self.clients.append(Client(self.exchange.join(name).key, cpid=str(number) * 32))

    def _call(self, client: Client, *reports: str, **said: Any) -> None:
        held = dict(client.tasks)
        asked = client.words(*reports, **said)
        heard = self.exchange.say(asked)
        self._wanted(client, heard)
        client.hear(heard)
        self.acknowledged |= set(heard.named("result_ack")) & set(held)
        for name, handed in heard.tasks.items():
            assert handed.order.host == client.host
            assert name not in held or not said.get("says", True), "what it has is not sent again"
            self.seen["sent again"] += name in self.given
            assert self.given.setdefault(name, handed.order) == handed.order, "one host and one order for ever"

    def _wanted(self, client: Client, heard: Any) -> None:
        """Nothing is given up that its host has rightly and that somebody waits for."""
        with Connections(folder=self.exchange.folder).reader() as db:
            for name in heard.named("result_abort") + heard.named("result_abort_if_not_started"):
                task = task_store.find_task(db, int(name.split("-t")[1].removesuffix("_0")))
                order = workunits.find_workunit(db, task.workunit_id)
                is_awaited = task.state in {TaskState.SENT, TaskState.EXPIRED} and order.state == "open"
                assert not (is_awaited and task.host_id == (client.host or heard.host))
                self.seen["given up"] += 1

    def a_client_asks(self, chance: random.Random) -> None:
        self._call(chance.choice(self.clients), ask=chance.choice([0.0, 1.0, 100.0]), says=chance.random() < 0.8)

    def a_client_reports(self, chance: random.Random) -> None:
        client, reports = chance.choice(self.clients), []
        for name, handed in list(client.tasks.items())[: chance.randint(1, 3)]:
            ended = chance.random()
            if ended < 0.7:
                reports.append(self.exchange.upload(handed))
            elif ended < 0.8:
                reports.append(report(name))
            else:
                status = chance.choice([int(Exit.CHILD_LOST), int(Exit.ABORTED_BY_USER)])
                reports.append(report(name, status=status, state=3))
        self._call(client, *reports, ask=chance.choice([0.0, 1.0]))

    def a_reply_is_lost(self, chance: random.Random) -> None:
        client = chance.choice(self.clients)
        reports = [self.exchange.upload(each) for each in list(client.tasks.values())[:1]]
        heard = self.exchange.say(client.words(*reports, ask=1.0))
        self._wanted(client, heard)
        for name, handed in heard.tasks.items():
            assert self.given.setdefault(name, handed.order) == handed.order

    def a_client_reports_for_the_other(self, chance: random.Random) -> None:
        one, other = chance.sample(self.clients, 2)
        if other.tasks:
            handed = chance.choice(list(other.tasks.values()))
            before = dict(self.exchange.task(handed.order.task))
            self._call(one, self.exchange.upload(handed))
            after = dict(self.exchange.task(handed.order.task))
            assert (after["state"], after["host_id"]) == (before["state"], before["host_id"])

    def a_client_loses_its_tasks(self, chance: random.Random) -> None:
        client = chance.choice(self.clients)
        client.tasks = {name: each for name, each in client.tasks.items() if chance.random() < 0.5}

    def a_client_is_attached_anew(self, chance: random.Random) -> None:
        client = chance.choice(self.clients)
        was, client.host, client.seqno = client.host, 0, 0
        client.tasks.clear()
        self._call(client)
        assert not was or client.host == was

    def time_passes(self, chance: random.Random) -> None:
        self.exchange.lab.later(hours=chance.choice([1, 20, 50]))
        self.exchange.sweep()

    def the_jobs_work(self, _chance: random.Random) -> None:
        self.exchange.judge_and_pay()

    def more_is_ordered_or_less(self, chance: random.Random) -> None:
        if chance.random() < 0.7:
            self.exchange.deploy(2)
        else:
            self.exchange.cancel(chance.randint(1, 4))

    def check(self) -> None:
        assert self.exchange.broken() == {}
        with Connections(folder=self.exchange.folder).reader() as db:
            tasks = {task.id: task for task in stored_work.tasks(db)}
        for name, order in self.given.items():
            assert tasks[order.task].host_id == order.host
            if name in self.acknowledged:
                assert tasks[order.task].state not in {TaskState.UNSENT, TaskState.SENT}

    def end(self) -> None:
        with Connections(folder=self.exchange.folder).reader() as db:
            self.seen.update(str(task.state) for task in stored_work.tasks(db))
        self.exchange.close()


OFTEN = {
    Story.a_client_asks: 12,
    Story.a_client_reports: 12,
    Story.a_reply_is_lost: 3,
    Story.a_client_reports_for_the_other: 2,
    Story.a_client_loses_its_tasks: 4,
    Story.a_client_is_attached_anew: 2,
    Story.time_passes: 3,
    Story.the_jobs_work: 2,
    Story.more_is_ordered_or_less: 3,
}


def test_every_promise_holds_after_every_contact_wherever_contacts_can_lead(new_lab, prepared, secrets, tmp_path):
    seen = Counter()
    for seed in range(4):
        lab = new_lab(tmp_path / str(seed))
        lab.publish(prepared())
        assert lab.host() == 1
        story, chance = Story(exchange=Exchange(lab, secrets), seen=seen), random.Random(seed)
        story.begin()
        try:
            for event in chance.choices(list(OFTEN), OFTEN.values(), k=50):
                event(story, random.Random(chance.getrandbits(32)))  # which decides its details
                story.check()
        finally:
            story.end()
    reached = {"sent again", "given up", "sent", "valid", "failed", "aborted", "expired", "unsent"}
    assert reached <= {what for what, amount in seen.items() if amount}

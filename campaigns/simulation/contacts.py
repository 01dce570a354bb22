"""What passes between the computers and the laboratory: contacts, uploads, and whatever the network makes of them."""

import hashlib
from collections.abc import Callable

from simulation import client_messages
from simulation.computer import Computer, TaskOnComputer
from simulation.network import Passage, SimulatedNetwork
from simulation.replies import Heard, hear, size_of, status_of
from simulation.world import Scene

_RETRY, _LONGEST_RETRY = 600.0, 14_400.0  # seconds, as a client puts off a server that does not answer
_FLOOD = 30.0
_DONE = 0


class Contacts:
    """Lets the computers speak when it is their time."""

    def __init__(self, world: Scene, network: SimulatedNetwork) -> None:
        self._world = world
        self._network = network
        self.computers: list[Computer] = []

    def attach(self, computer: Computer, after: float) -> None:
        """From then on this computer takes part."""
        self.computers.append(computer)
        self._due(computer, self._world.now + after)

    def _due(self, computer: Computer, when: float) -> None:
        """Its next contact is then, and no other."""
        computer.due = when
        self._world.at(when, self._contact, computer, when)

    def _sooner(self, computer: Computer, when: float) -> None:
        if when < computer.due or computer.due <= self._world.now:
            self._due(computer, when)

    def _contact(self, computer: Computer, due: float) -> None:
        world = self._world
        if due != computer.due or self._is_away(computer, self._contact_again):
            return
        if computer.nature.forgets and computer.dice.happens(0.02):
            computer.forgets()
            world.note("forgot", computer.nature.number)
        passage = self._network.passage()
        brought = {name: computer.hand[name] for name in computer.ready}
        body = computer.says(world.now)
        world.note("says", computer.nature.number, passage)
        if passage is Passage.LOST or not world.is_reachable:
            self._put_off(computer)
            return
        if passage is Passage.DELAYED:
            world.at(world.now + self._network.delay(), self._late, body)
            self._put_off(computer)
            return
        raw = b""
        self._put_off(computer)  # unless the answer says otherwise: the laboratory may die before it
        for _ in range(2 if passage is Passage.DOUBLED else 1):
            raw = self._ask(body)
        heard = hear(raw)
        world.testify(heard.host or computer.host, brought, heard)
        if passage is not Passage.UNANSWERED:
            self._obey(computer, heard)

    def _contact_again(self, computer: Computer, when: float) -> None:
        self._due(computer, when)

    def _is_away(self, computer: Computer, later: Callable[[Computer, float], None]) -> bool:
        nature, now = computer.nature, self._world.now
        if computer.is_gone or (nature.vanishes_at is not None and now >= nature.vanishes_at):
            computer.is_gone = True
            return True
        wakes = computer.asleep_until(now)
        if wakes > now:
            later(computer, wakes)
            return True
        return False

    def _ask(self, body: bytes) -> bytes:
        raw = self._world.ask(body)
        self._world.note("answered", hashlib.sha256(raw).hexdigest()[:16])
        return raw

    def _late(self, body: bytes) -> None:
        """A request that arrives when its sender awaits nothing of it any more."""
        if self._world.is_reachable:
            self._ask(body)
            self._world.look()

    def _obey(self, computer: Computer, heard: Heard) -> None:
        world = self._world
        for obey in computer.obeys(heard, world.now):
            world.at(obey.ends or world.now, self._finish, computer, obey)
        if computer.nature.floods:
            pause = _FLOOD
        elif heard.orders and len(computer.hand) < computer.nature.build.cores:
            pause = heard.delay + 60.0
        else:
            pause = max(heard.delay, world.contact_every * computer.dice.between(0.9, 1.1))
        self._due(computer, world.now + pause)

    def _put_off(self, computer: Computer) -> None:
        """No answer: the client waits longer and longer."""
        computer.refusals += 1
        pause = min(_LONGEST_RETRY, _RETRY * 2 ** min(computer.refusals, 5)) * computer.dice.between(0.5, 1.0)
        self._due(computer, self._world.now + pause)

    def _finish(self, computer: Computer, task: TaskOnComputer) -> None:
        """A task ends on its computer, unless that is away or has given it up."""
        if self._is_away(computer, lambda sleeper, when: self._world.at(when, self._finish, sleeper, task)):
            return
        if computer.hand.get(task.order.name) is not task:
            return
        computer.finishes(task, self._world.now)
        for begun in computer.begins(self._world.now):
            self._world.at(begun.ends or self._world.now, self._finish, computer, begun)
        self._world.note("finished", computer.nature.number, task.order.task, bool(task.output))
        self._upload(computer, task)

    def _upload(self, computer: Computer, task: TaskOnComputer) -> None:
        world = self._world
        if task.output is not None:
            if self._is_away(computer, lambda sleeper, when: world.at(when, self._upload, sleeper, task)):
                return
            if computer.hand.get(task.order.name) is not task:
                return
            world.at(world.now + 300.0 * computer.dice.between(1.0, 4.0), self._upload, computer, task)
            if not world.is_reachable or not self._bring(task):
                return
            computer.uploaded(task, world.now)
        elif task.order.name not in computer.hand or not task.report:
            return
        self._sooner(computer, world.now + world.report_within * computer.dice.between(0.2, 1.0))

    def _bring(self, task: TaskOnComputer) -> bool:
        """Bring an output from where the last attempt was cut off; is it there now?"""
        body, slot, world = task.output or b"", task.order.slot, self._world
        question = client_messages.size_query(slot)
        query = world.arrive(len(question))
        query.take(question)
        offset = min(size_of(query.finish().result()), len(body))
        md5 = client_messages.md5(body)
        message = client_messages.upload(slot, size=len(body), md5=md5, offset=offset) + body[offset:]
        passage = self._network.passage()
        arrives = self._network.cut(len(message)) if passage is not Passage.LOST else 0
        status: int | None = None
        for _ in range(2 if passage is Passage.DOUBLED else 1):
            arrival = world.arrive(len(message))
            arrival.take(message[:arrives])
            if arrives < len(message):
                arrival.lose()
            else:
                status = status_of(arrival.finish().result())
        world.note("uploaded", task.order.task, passage, offset, arrives, status)
        return status == _DONE and passage is not Passage.UNANSWERED

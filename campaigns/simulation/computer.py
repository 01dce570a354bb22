"""A simulated computer's client: what it has in hand, what has finished, what it says next and how it obeys."""

import hashlib
from dataclasses import dataclass, field

from simulation import client_messages
from simulation.dice import Dice
from simulation.fleet import Nature
from simulation.outputs import output
from simulation.replies import Heard, HeardOrder

_CRASH_STATUS, _ABORTED = 11, 203  # its process dies by itself; its volunteer stops it
_IN_STATES = {0: 5, _CRASH_STATUS: 3, _ABORTED: 6}  # BOINC's states of a result that ended so
_SAID = "the process died"


@dataclass(kw_only=True)
class TaskOnComputer:
    """A task in hand."""

    order: HeardOrder
    began: float | None = None
    ends: float | None = None
    output: bytes | None = None  # computed, and not uploaded yet
    report: str = ""  # of what has ended, once nothing more is to be uploaded
    claims: str = ""  # the digest of the output that its report speaks of


@dataclass(kw_only=True)
class Computer:
    """One client. Times are seconds since the simulation began."""

    nature: Nature
    key: str
    salt: str
    dice: Dice
    host: int = 0
    seqno: int = 0
    hand: dict[str, TaskOnComputer] = field(default_factory=dict)
    due: float = 0.0  # its next contact
    refusals: int = 0  # contacts in a row that brought no work
    is_gone: bool = False
    starts_warm: bool = False  # its first tasks end as if they had begun earlier, so that something is soon to be seen

    @property
    def running(self) -> int:
        """How many cores compute."""
        return sum(task.began is not None and task.output is None and not task.report for task in self.hand.values())

    @property
    def ready(self) -> list[str]:
        """The names of the tasks that can be reported."""
        return [name for name, task in self.hand.items() if task.report]

    def asleep_until(self, now: float) -> float:
        """When it is there again; now if it is there."""
        start = self.nature.sleeps_at
        is_asleep = start is not None and start <= now < start + self.nature.sleeps_for
        return start + self.nature.sleeps_for if is_asleep and start is not None else now

    def says(self, now: float) -> bytes:
        """Its next request: reports what it can, asks for work where cores are idle."""
        self.seqno += 1
        ready = set(self.ready)
        idle = max(0, self.nature.build.cores - (len(self.hand) - len(ready)))
        return client_messages.request(
            key=self.key,
            host=self.host,
            seqno=self.seqno,
            about=client_messages.computer(self.nature, self.salt, now + self.nature.clock_wrong_by),
            reports=[self.hand[name].report for name in sorted(ready)],
            in_hand=[name for name in self.hand if name not in ready],
            seconds=idle * 7_200.0,
            idle=idle,
        )

    def obeys(self, heard: Heard, now: float) -> list[TaskOnComputer]:
        """Do as a reply says; what it begins to compute."""
        if heard.host is not None:
            self.host, self.seqno = heard.host, 0
        for name in (*heard.acknowledged, *heard.aborted):
            self.hand.pop(name, None)
        for name in heard.unstarted:
            if name in self.hand and self.hand[name].began is None:
                del self.hand[name]
        for order in heard.orders:
            self.hand.setdefault(order.name, TaskOnComputer(order=order))
        self.refusals = 0 if heard.orders else self.refusals + 1
        return self.begins(now)

    def begins(self, now: float) -> list[TaskOnComputer]:
        """What its idle cores begin."""
        waiting = [task for task in self.hand.values() if task.began is None]
        begun = waiting[: max(0, self.nature.build.cores - self.running)]
        for task in begun:
            task.began, task.ends = now, now + self._lasts(task.order)
            if self.starts_warm:
                task.ends = now + (task.ends - now) * self.dice.share()
        self.starts_warm = self.starts_warm and not begun
        return begun

    def finishes(self, task: TaskOnComputer, now: float) -> None:
        """A task ends: with an output to upload, or with an error to report."""
        status = self._status()
        elapsed = self._elapsed(now - (task.began or now))
        if status:
            message = _SAID if status == _CRASH_STATUS else ""
            task.report = client_messages.failure(
                task.order.name, status=status, state=_IN_STATES[status], elapsed=elapsed, message=message
            )
            return
        task.output = self._computed(task.order)

    def uploaded(self, task: TaskOnComputer, now: float) -> None:
        """Its output is at the laboratory: it can be reported."""
        body = task.output or b""
        task.report = client_messages.success(
            task.order.name,
            task.order.slot,
            size=len(body),
            md5=client_messages.md5(body),
            elapsed=self._elapsed(now - (task.began or now)),
        )
        task.claims = hashlib.sha256(body).hexdigest()
        task.output = None

    def forgets(self) -> None:
        """Its list of tasks is damaged: it knows nothing of them any more."""
        self.hand.clear()

    def copied(self) -> "Computer":
        """Another computer that starts from a copy of this one's folder."""
        hand = {name: TaskOnComputer(order=task.order) for name, task in self.hand.items()}
        dice = Dice(0, f"{self.salt} copy {self.nature.number}")
        return Computer(
            nature=self.nature, key=self.key, salt=self.salt, dice=dice, host=self.host, seqno=self.seqno, hand=hand
        )

    def _computed(self, order: HeardOrder) -> bytes:
        lie = f"{self.nature.number}|{self.dice.share()}" if self.nature.lies else ""
        return output(order, lie=lie)

    def _lasts(self, order: HeardOrder) -> float:
        spread = self.dice.between(0.8, 1.25)
        return 60.0 if self.nature.crashes else max(1.0, order.seconds / self.nature.speed * spread)

    def _status(self) -> int:
        if self.nature.crashes:
            return _CRASH_STATUS
        return _ABORTED if self.nature.aborts and self.dice.happens(0.3) else 0

    def _elapsed(self, seconds: float) -> float:
        """As its own clock measured it: one that is set meanwhile measures years, or less than nothing."""
        wrong = self.nature.clock_wrong_by if self.nature.clock_wrong_by and self.dice.happens(0.1) else 0.0
        return seconds + wrong

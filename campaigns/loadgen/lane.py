"""A lane: one process that plays its share of the hosts, one request at a time, and keeps the score."""

import heapq
import itertools
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from simulation.client_messages import md5, upload
from simulation.replies import Heard, HeardOrder, hear, status_of

from loadgen.hosts import HeldTask, Host
from loadgen.outputs import Maker
from loadgen.request_writer import Shape, Writer
from loadgen.wire import Line

_PAUSE_SECONDS = 0.05  # of a host whose server is away


class Mode(StrEnum):
    """What a request is for."""

    REGISTER = "register"  # each host once, without a number: the server gives it one
    EMPTY = "empty"  # nothing asked, nothing reported: the ping
    FETCH = "fetch"  # asks and never reports
    UPLOAD = "upload"  # no request at all: the outputs of all tasks in hand
    REPORT = "report"  # reports and never asks
    CYCLE = "cycle"  # reports what is in hand and asks for more: the steady state


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is played, and how long."""

    url: str
    mode: Mode
    seconds: float
    maker: Maker
    shape: Shape = field(default_factory=Shape)
    turns: int = 0  # requests of each host at most; 0 for as many as there is time for
    requests: int = 0  # of the whole lane at most; 0 likewise
    ask: int = 8
    uploads: bool = True  # outputs are sent as soon as their tasks have come
    over: float = 0.0  # seconds over which the hosts' first requests are spread
    polite: bool = False  # obey the server's delays
    patient: bool = False  # a server that is away is asked again until the time is over
    timeout: float = 60.0


@dataclass(kw_only=True)
class Score:
    """What happened. Every field is summed over lanes."""

    requests: int = 0
    failures: int = 0
    tasks: int = 0
    aborted: int = 0
    wishes: int = 0
    empty: int = 0  # asked for work and were given none
    uploads: int = 0
    refused: int = 0  # uploads, for good
    renumbered: int = 0  # hosts that were told another number than they had
    cpu: float = 0.0  # seconds of this generator
    latencies: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Score") -> None:
        """Take in what another lane has seen."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(value)
            elif isinstance(mine, list):
                mine.extend(value)
            else:
                setattr(self, name, mine + value)


class Lane:
    """Plays its hosts in turn until the time is over or every host has had its turns."""

    def __init__(self, plan: Plan, hosts: Sequence[Host]) -> None:
        self._plan = plan
        self._writer = Writer(plan.shape, deadline=int(time.time()) + 86_400)
        self._requests = Line(keep=False, timeout=plan.timeout)
        self._uploads = Line(keep=True, timeout=plan.timeout)
        self._score = Score()
        self._order = itertools.count()
        began = time.monotonic()
        self._end = began + plan.seconds
        self._due: list[tuple[float, int, Host, int]] = []
        for place, host in enumerate(hosts):
            is_done = host.id if plan.mode is Mode.REGISTER else plan.mode is Mode.REPORT and not host.hand
            if not is_done:
                self._put(host, began + plan.over * place / len(hosts), 0)

    def play(self) -> Score:
        """Play; the score."""
        before = time.process_time()
        while self._due and not (self._plan.requests and self._score.requests >= self._plan.requests):
            due, _, host, turns = heapq.heappop(self._due)
            now = time.monotonic()
            if max(due, now) >= self._end:
                break
            if due > now:
                time.sleep(due - now)
            self._again(host, turns + 1, self._turn(host))
        self._requests.close()
        self._uploads.close()
        self._score.cpu = time.process_time() - before
        return self._score

    def _put(self, host: Host, due: float, turns: int) -> None:
        heapq.heappush(self._due, (due, next(self._order), host, turns))

    def _again(self, host: Host, turns: int, delay: float | None) -> None:
        """Does this host have another turn, and when?"""
        plan, now = self._plan, time.monotonic()
        if delay is None and plan.patient:
            self._put(host, now + _PAUSE_SECONDS, turns - 1)
            return
        if plan.mode in (Mode.REGISTER, Mode.UPLOAD) or (plan.turns and turns >= plan.turns):
            return
        if plan.mode is Mode.REPORT and not any(task.report for task in host.hand.values()):
            return
        self._put(host, now + (_PAUSE_SECONDS if delay is None else delay if plan.polite else 0.0), turns)

    def _turn(self, host: Host) -> float | None:
        """One request with all that belongs to it: the delay that is asked for; None when it failed."""
        plan = self._plan
        try:
            if plan.mode is Mode.UPLOAD or (plan.uploads and plan.mode in (Mode.FETCH, Mode.CYCLE, Mode.REPORT)):
                self._send_outputs(host)
            if plan.mode is Mode.UPLOAD:
                return 0.0
            heard = self._ask(host)
            if plan.uploads and heard.orders and plan.mode in (Mode.FETCH, Mode.CYCLE):
                self._send_outputs(host)
        except (OSError, ValueError) as fault:
            self._score.failures += 1
            self._score.faults[f"{type(fault).__name__}: {str(fault)[:80]}"] += 1
            self._requests.close()
            self._uploads.close()
            return None
        return heard.delay

    def _ask(self, host: Host) -> Heard:
        plan, score = self._plan, self._score
        host.round += 1
        host.seqno += 1
        reported = self._reported(host)
        wanted = plan.ask if plan.mode in (Mode.FETCH, Mode.CYCLE) else 0
        body = self._writer.request(host, reported, seconds=float(wanted), cores=wanted)
        began = time.perf_counter()
        status, raw = self._requests.post(plan.url, body)
        took = time.perf_counter() - began
        if status != 200:
            raise ValueError(f"HTTP {status} {raw[:60]!r}")
        heard = hear(raw)
        score.requests += 1
        score.latencies.append(took)
        score.wishes += bool(wanted)
        score.empty += bool(wanted and not heard.orders)
        self._take_in(host, heard)
        return heard

    def _reported(self, host: Host) -> list[HeldTask]:
        if self._plan.mode not in (Mode.CYCLE, Mode.REPORT):
            return []
        return [task for task in host.hand.values() if task.report and task.round < host.round]

    def _take_in(self, host: Host, heard: Heard) -> None:
        score, aborted = self._score, (*heard.aborted, *heard.unstarted)
        if heard.host is not None and heard.host != host.id:
            score.renumbered += bool(host.id)
            host.id, host.seqno = heard.host, 0
        host.cross = heard.cross or host.cross
        for name in (*heard.acknowledged, *aborted):
            host.hand.pop(name, None)
        for order in heard.orders:
            host.hand.setdefault(order.name, HeldTask(name=order.name, round=host.round, order=order))
        score.tasks += len(heard.orders)
        score.acknowledged += heard.acknowledged
        score.aborted += len(aborted)
        for message in heard.messages:
            score.messages[re.sub(r"\d+", "N", message.strip())[:100]] += 1

    def _send_outputs(self, host: Host) -> None:
        """Every task in hand has its output at the server, or is known to be refused."""
        for task in host.hand.values():
            if task.order is not None:
                task.report, task.order = self._send_output(task.order), None
        self._uploads.close()

    def _send_output(self, order: HeardOrder) -> str:
        """The lines that report it."""
        score, slot = self._score, order.slot
        body = self._plan.maker(order)
        digest = md5(body)
        message = upload(slot, size=len(body), md5=digest, offset=0) + body
        http, raw = self._uploads.post(slot.url, message)
        status = status_of(raw)
        if http != 200 or status not in (0, -1):
            raise ValueError(f"an upload was answered HTTP {http} {raw[:60]!r}")
        score.uploads += 1
        score.refused += status == -1
        if status == -1:
            score.faults[f"upload refused: {raw[:120]!r}"] += 1
        return self._writer.report(order, size=len(body), md5=digest, refused="refused" if status == -1 else "")

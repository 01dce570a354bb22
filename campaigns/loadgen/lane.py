"""A lane: one process that plays its share of the hosts, one request at a time, and keeps the score."""

import hashlib
import heapq
import itertools
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from loadgen.hosts import HeldTask, Host
from loadgen.outputs import Maker
from loadgen.replies import Answer, read_answer, upload_status
from loadgen.requests import Shape, Writer
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
            answer = self._turn(host)
            self._again(host, turns + 1, answer)
        self._requests.close()
        self._uploads.close()
        self._score.cpu = time.process_time() - before
        return self._score

    def _put(self, host: Host, due: float, turns: int) -> None:
        heapq.heappush(self._due, (due, next(self._order), host, turns))

    def _again(self, host: Host, turns: int, answer: Answer | None) -> None:
        """Does this host have another turn, and when?"""
        plan, now = self._plan, time.monotonic()
        if answer is None and plan.patient:
            self._put(host, now + _PAUSE_SECONDS, turns - 1)
            return
        if plan.mode in (Mode.REGISTER, Mode.UPLOAD) or (plan.turns and turns >= plan.turns):
            return
        if plan.mode is Mode.REPORT and not any(task.report for task in host.hand.values()):
            return
        polite = answer.delay if answer is not None and plan.polite else 0.0
        self._put(host, now + (_PAUSE_SECONDS if answer is None else polite), turns)

    def _turn(self, host: Host) -> Answer | None:
        """One request with all that belongs to it; None when it failed."""
        plan = self._plan
        try:
            if plan.mode is Mode.UPLOAD or (plan.uploads and plan.mode in (Mode.FETCH, Mode.CYCLE, Mode.REPORT)):
                self._send_outputs(host)
            if plan.mode is Mode.UPLOAD:
                return read_answer(b"", round_now=host.round)
            answer = self._ask(host)
            if plan.uploads and answer.tasks and plan.mode in (Mode.FETCH, Mode.CYCLE):
                self._send_outputs(host)
        except (OSError, ValueError) as fault:
            self._score.failures += 1
            self._score.faults[f"{type(fault).__name__}: {str(fault)[:80]}"] += 1
            self._requests.close()
            self._uploads.close()
            return None
        return answer

    def _ask(self, host: Host) -> Answer:
        plan, score = self._plan, self._score
        host.round += 1
        host.seqno += 1
        reported = self._reported(host)
        wanted = plan.ask if plan.mode in (Mode.FETCH, Mode.CYCLE) else 0
        body = self._writer.request(host, reported, seconds=float(wanted), cores=wanted)
        began = time.perf_counter()
        status, raw = self._requests.post(plan.url, body)
        took = time.perf_counter() - began
        answer = read_answer(raw, round_now=host.round)
        if status != 200 or not answer.whole:
            raise ValueError(f"HTTP {status} {raw[:60]!r}")
        score.requests += 1
        score.latencies.append(took)
        score.wishes += bool(wanted)
        score.empty += bool(wanted and not answer.tasks)
        self._take_in(host, answer)
        return answer

    def _reported(self, host: Host) -> list[HeldTask]:
        if self._plan.mode not in (Mode.CYCLE, Mode.REPORT):
            return []
        return [task for task in host.hand.values() if task.report and task.round < host.round]

    def _take_in(self, host: Host, answer: Answer) -> None:
        score = self._score
        if answer.host_id is not None and answer.host_id != host.id:
            score.renumbered += bool(host.id)
            host.id, host.seqno = answer.host_id, 0
        host.cross = answer.cross or host.cross
        for name in (*answer.acknowledged, *answer.aborted):
            host.hand.pop(name, None)
        for task in answer.tasks:
            host.hand.setdefault(task.name, task)
        score.tasks += len(answer.tasks)
        score.acknowledged += answer.acknowledged
        score.aborted += len(answer.aborted)
        for message in answer.messages:
            score.messages[re.sub(r"\d+", "N", message.strip())[:100]] += 1

    def _send_outputs(self, host: Host) -> None:
        """Every task in hand has its output at the server, or is known to be refused."""
        for task in host.hand.values():
            if not task.report:
                self._send_output(task)
        self._uploads.close()

    def _send_output(self, task: HeldTask) -> None:
        score = self._score
        body = self._plan.maker(task.order)
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        refused = ""
        if task.url:
            http, raw = self._uploads.post(task.url, self._writer.upload(task, body, md5))
            status = upload_status(raw)
            if http != 200 or status not in (0, -1):
                raise ValueError(f"an upload was answered HTTP {http} {raw[:60]!r}")
            score.uploads += 1
            score.refused += status == -1
            if status == -1:
                refused = "refused"
                score.faults[f"upload refused: {raw[:120]!r}"] += 1
        task.report = self._writer.report(task, size=len(body), md5=md5, refused=refused)
        task.order = task.token = ""

"""Plays a fleet over several lanes at once and says how it went."""

import multiprocessing
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from loadgen.hosts import Host
from loadgen.lane import Lane, Plan, Score

_CONTEXT = multiprocessing.get_context("fork")  # nothing is imported again, so a lane starts in milliseconds


@dataclass(frozen=True, kw_only=True)
class Played:
    """The score of all lanes, the hosts as they are now, and how long it took."""

    score: Score
    hosts: tuple[Host, ...]
    seconds: float


class Load:
    """A fleet that is being played."""

    def __init__(self, plan: Plan, hosts: Sequence[Host], *, lanes: int) -> None:
        self._began = time.monotonic()
        self._lanes: list[tuple[BaseProcess, Connection]] = []
        for share in filter(None, (list(hosts[number::lanes]) for number in range(lanes))):
            ours, theirs = _CONTEXT.Pipe(duplex=False)
            lane = _CONTEXT.Process(target=_play, args=(theirs, plan, share), daemon=True)
            lane.start()
            theirs.close()
            self._lanes.append((lane, ours))

    def finish(self) -> Played:
        """Wait until every lane is through."""
        score, hosts = Score(), list[Host]()
        for lane, answers in self._lanes:
            part, played = answers.recv()
            score.add(part)
            hosts += played
            answers.close()
            lane.join()
        hosts.sort(key=lambda host: host.number)
        return Played(score=score, hosts=tuple(hosts), seconds=time.monotonic() - self._began)


def play(plan: Plan, hosts: Sequence[Host], *, lanes: int) -> Played:
    """Play a fleet from begin to end."""
    return Load(plan, hosts, lanes=lanes).finish()


def _play(answers: Connection, plan: Plan, hosts: list[Host]) -> None:
    answers.send((Lane(plan, hosts).play(), hosts))
    answers.close()


def share(ordered: Sequence[float], part: float) -> float:
    """The value that this part of an ordered list stays below; 0 of an empty one."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def told(plan: Plan, played: Played, server: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that is worth telling of a run, as plain data."""
    score, seconds = played.score, max(played.seconds, 1e-9)
    requests, done = max(1, score.requests), max(1, score.uploads, score.tasks)
    waits, uploads = sorted(score.latencies), sorted(score.upload_latencies)
    return {
        "mode": plan.mode.value,
        "hosts": len(played.hosts),
        "ask": plan.ask,
        "seconds": round(seconds, 3),
        "requests": score.requests,
        "requests_a_second": round(score.requests / seconds, 1),
        "failures": score.failures,
        "tasks": score.tasks,
        "tasks_a_second": round(score.tasks / seconds, 1),
        "uploads": score.uploads,
        "uploads_refused": score.refused,
        "uploads_a_second": round(score.uploads / seconds, 1),
        "reports": len(score.acknowledged),
        "reports_a_second": round(len(score.acknowledged) / seconds, 1),
        "empty_fraction": round(score.empty / max(1, score.wishes), 4),
        "aborted": score.aborted,
        "renumbered": score.renumbered,
        "in_hand": sum(len(host.hand) for host in played.hosts),
        "latency_ms": _milliseconds(waits),
        "upload_ms": _milliseconds(uploads),
        "request_bytes": score.sent_bytes // requests,
        "answer_bytes": score.came_bytes // requests,
        "own_cpu_ms": {"request": round(1e3 * score.cpu / requests, 3), "task": round(1e3 * score.cpu / done, 3)},
        "server": dict(server),
        "messages": dict(score.messages.most_common(8)),
        "request_delay": dict(score.delays.most_common(4)),
        "faults": dict(score.faults.most_common(5)),
    }


def _milliseconds(ordered: Sequence[float]) -> dict[str, float]:
    parts = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return {name: round(1e3 * share(ordered, part), 2) for name, part in parts.items()}

"""Plays a fleet over several lanes at once and says how it went."""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

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

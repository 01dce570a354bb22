"""Lets the story happen: what hosts computed comes back at its time, and each chapter ends with a session."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from axiom.server.dispatch.work_request import GrantedTask
from axiom.store.engine.database import to_microseconds
from old_sessions.laboratory import Laboratory, Waiting, counted
from old_sessions.reading import Computed, Computer, computed, demand, fleet
from old_sessions.standins import version_of
from old_sessions.story import HOLDERS, SILENT, STORY, STUCK_AT, Chapter

_TOGETHER = 200  # reports that are judged at once
_PAUSE = timedelta(minutes=1)
_BIG = 16_000  # megabytes that heavy experiments want
_HEAVY = ("grokking_dynamics", "micro_scaling_laws")


@dataclass(kw_only=True)
class Played:
    """What the player did that no log tells, and what it was told."""

    sessions: dict[str, str] = field(default_factory=dict)  # the chapter's name to the session's
    unlogged: Counter[str] = field(default_factory=Counter)  # workunits ordered because something came back
    dropped: Counter[str] = field(default_factory=Counter)  # workunits of which no log tells any more
    retired: dict[str, dict[str, int]] = field(default_factory=dict)  # chapter to experiment to unsent tasks
    deployed_at: dict[str, int] = field(default_factory=dict)  # chapter to the moment, in the store's microseconds


class Player:
    """Plays chapter after chapter. `data` replaces what came back in a part, so that a test can change one time."""

    def __init__(self, place: Path, *, data: Mapping[str, Sequence[Computed]] | None = None) -> None:
        self.lab = Laboratory.make(place, STORY[0].at - timedelta(hours=12))
        self.played = Played()
        self._data = dict(data or {})
        self._sent_ahead: datetime | None = None  # when the chapter before sent what comes back in the next one
        self.out: dict[tuple[str, str], list[GrantedTask]] = defaultdict(list)

    def play(self, chapters: Sequence[Chapter] = STORY) -> Played:
        """All of it."""
        for place, chapter in enumerate(chapters):
            following = chapters[place + 1] if place + 1 < len(chapters) else None
            self.lead_to(chapter)
            self.decide(chapter, following)
            self.played.sessions[chapter.name] = self.lab.hold(chapter.reason)
        return self.played

    def lead_to(self, chapter: Chapter) -> None:
        """What came back before a session, and what is still out."""
        self.lab.now += _PAUSE
        for part in chapter.parts:
            if part.tariff:
                self.lab.announce(part.tariff, self._sent_ahead or self.lab.now)
            late = [row for rows in _by_version(self._came(part.data)) for row in self._compute(rows, chapter)]
            if late:  # what their hosts could not have that day
                self.lab.now = _next_day(self.lab.now)
                late = self._compute(late, chapter)
            demand(not late, f"{chapter.name}: nobody got {late[:3]}")
        latest = STUCK_AT if chapter.stuck else chapter.at - timedelta(minutes=40)
        demand(self.lab.now < latest, f"{chapter.name}: what came back takes until {self.lab.now}")
        self.lab.now = latest
        self._sent_ahead = latest if chapter.kept or chapter.ahead else None
        for experiment, host in chapter.stuck:
            self._send(experiment, {host: 2})
        for experiment, amount in chapter.kept.items():
            self._send(experiment, _evenly(amount, HOLDERS))
        for experiment, host in chapter.ahead:
            self._send(experiment, {host: 1})
        self.lab.now = chapter.at - timedelta(minutes=10)
        self.lab.hear(self._active(chapter))

    def decide(self, chapter: Chapter, following: Chapter | None) -> None:
        """What a person did about the time of the session: what waits is put in order, withdrawn, mended, ordered."""
        self.lab.now = chapter.at - timedelta(minutes=5)
        coming = self._coming(following)
        if chapter.queue:
            self._arrange(chapter, coming)
        for experiment in chapter.mended:
            self.lab.publish(experiment, is_mended=True)
        self._retire(chapter)
        self._deploy(chapter, coming)
        self.lab.now = chapter.at

    def _came(self, data: str) -> Sequence[Computed]:
        return self._data.get(data) or computed(data)

    def _coming(self, chapter: Chapter | None) -> Counter[tuple[str, str]]:
        """What comes back before the next session, by host and experiment, beyond what is out already."""
        parts = chapter.parts if chapter else ()
        wanted = Counter((row.host, row.experiment) for part in parts for row in self._came(part.data))
        return wanted - Counter({key: len(tasks) for key, tasks in self.out.items()})

    def _compute(self, rows: Sequence[Computed], chapter: Chapter) -> list[Computed]:
        """Hosts fetch, compute on their cores, and report, until none of them gets any more; what is left undone."""
        left: dict[str, list[Computed]] = defaultdict(list)
        for row in rows:
            left[row.host].append(row)
        self._order_missing(rows)
        done = self._fetched(left)
        for experiment in {row.experiment for row in rows} & set(chapter.retired_in_flight):
            self.lab.retire(experiment, "it has shown what it can show")
        while done:
            for first in range(0, len(done), _TOGETHER):
                self.lab.bring(done[first : first + _TOGETHER])
            self.lab.now += _PAUSE
            done = self._fetched(left)
        return [row for mine in left.values() for row in mine]

    def _fetched(self, left: Mapping[str, list[Computed]]) -> list[tuple[datetime, GrantedTask, Computed]]:
        """What hosts get now of what they computed, and when it is done; it is taken out of what is left."""
        waiting, done = Counter(task.host for task in self.lab.waiting()), []
        for host, mine in left.items():
            if mine:
                self._fetch(host, waiting[host])
                done += _on_cores(self.lab.now, self._match(host, mine), _cores(host))
        return sorted(done, key=lambda ending: ending[0])

    def _order_missing(self, rows: Sequence[Computed]) -> None:
        """What came back was ordered at some time, even where no log says so."""
        wanted = Counter((row.host, row.experiment) for row in rows)
        missing = wanted - counted(self.lab.waiting()) - Counter({key: len(out) for key, out in self.out.items()})
        for experiment in dict.fromkeys(experiment for _, experiment in missing):
            self.lab.publish(experiment)
        with self.lab.db.transaction():
            for (host, experiment), amount in sorted(missing.items()):
                self.lab.order(experiment, host, amount)
                self.played.unlogged[experiment] += amount

    def _fetch(self, host: str, most: int) -> str:
        if not most:
            return "nothing waits for it"
        granted, reason = self.lab.fetch(host, most)
        names = {number: name for name, number in self.lab.versions.items()}
        for task in granted:
            self.out[host, names[task.experiment]].append(task)
        return reason

    def _match(self, host: str, mine: list[Computed]) -> list[tuple[GrantedTask, Computed]]:
        """What the host computed, each with a task of the kind that it has; the rest waits."""
        ready: list[tuple[GrantedTask, Computed]] = []
        rest = []
        for row in mine:
            out = self.out[host, row.experiment]
            if out:
                ready.append((out.pop(0), row))
            else:
                rest.append(row)
        mine[:] = rest
        return ready

    def _send(self, experiment: str, amounts: Mapping[str, int]) -> None:
        """Order for hosts that fetch at once and keep it."""
        self.lab.publish(experiment)
        with self.lab.db.transaction():
            for host, amount in amounts.items():
                self.lab.order(experiment, host, amount)
                self.played.unlogged[experiment] += amount
        for host, amount in amounts.items():
            before = len(self.out[host, experiment])
            reason = self._fetch(host, amount)
            got = len(self.out[host, experiment]) - before
            demand(got == amount, f"{host} got {got} of {amount} of {experiment}: {reason}")

    def _active(self, chapter: Chapter) -> list[str]:
        """The hosts that were heard from shortly before a session: those that brought something, and others."""
        brought = {row.host for part in chapter.parts for row in self._came(part.data)}
        silent = set() if chapter.at < STUCK_AT + timedelta(hours=3) else set(SILENT)
        ranked = sorted(
            (computer.name for computer in fleet()), key=lambda name: name not in brought and name not in HOLDERS
        )
        heard = [name for name in ranked if name not in silent]
        return heard[: chapter.hosts or len(brought)]

    def _arrange(self, chapter: Chapter, coming: Counter[tuple[str, str]]) -> None:
        """What waits becomes what the log says: more is ordered, or what no log tells of again is taken back."""
        waiting = self.lab.waiting()
        others = [task for task in waiting if task.experiment not in chapter.queue]
        surplus = _first_beyond(others, len(others) if chapter.others is None else chapter.others)
        for experiment, amount in chapter.queue.items():
            mine = [task for task in waiting if task.experiment == experiment]
            surplus += _first_beyond(mine, amount)
            if amount > len(mine):
                self.lab.publish(experiment)
                self._spread({experiment: amount - len(mine)}, self._others(coming, experiment), coming)
                self.played.unlogged[experiment] += amount - len(mine)
        for task in surplus:
            self.played.dropped[task.experiment] += 1
        self.lab.take_back([task.workunit for task in surplus], "no log tells of it any more")

    def _retire(self, chapter: Chapter) -> None:
        waiting = Counter(task.experiment for task in self.lab.waiting())
        named = list(chapter.retired)
        if chapter.only:
            named += [name for name in self.lab.versions if name not in chapter.only]
        done = {}
        for experiment in named:
            if self.lab.retire(experiment, f"withdrawn in {chapter.name}") or waiting[experiment]:
                done[experiment] = waiting[experiment]
        self.played.retired[chapter.name] = done

    def _deploy(self, chapter: Chapter, coming: Counter[tuple[str, str]]) -> None:
        for experiment in chapter.deployed:
            self.lab.publish(experiment)
        if not chapter.deployed:
            return
        mine = Counter({key: amount for key, amount in coming.items() if key[1] in chapter.deployed})
        mine -= counted(self.lab.waiting())
        if sum(chapter.deployed.values()) == chapter.hosts:  # a first probe: one for each host
            mine = Counter(dict.fromkeys(mine, 1))
        meant = {host for host, _ in mine}
        others = [computer for computer in fleet() if computer.name not in meant]
        if chapter.hosts < len(fleet()):
            back = {host for host, _ in coming}
            others = [computer for computer in others if computer.name not in back and computer.name not in HOLDERS]
        others = others[: chapter.hosts - len(meant)]
        demand(
            len(meant) + len(others) == chapter.hosts,
            f"{chapter.name}: {len(meant)} hosts compute it and {len(others)} others may have it, not {chapter.hosts}",
        )
        self.lab.now += _PAUSE
        self._spread(chapter.deployed, others, mine)
        self.played.deployed_at[chapter.name] = to_microseconds(self.lab.now)

    def _others(self, coming: Iterable[tuple[str, str]], experiment: str) -> list[Computer]:
        back = {host for host, _ in coming}
        return [
            computer
            for computer in fleet()
            if computer.name not in back and computer.name not in HOLDERS and _fits(computer, experiment)
        ]

    def _spread(self, wanted: Mapping[str, int], others: Sequence[Computer], coming: Counter[tuple[str, str]]) -> None:
        """Order so many of each: first what will come back, then for other hosts by their cores."""
        orders: Counter[tuple[str, str]] = Counter()
        for experiment, amount in wanted.items():
            left = amount
            for key in sorted(key for key in coming if key[1] == experiment):
                orders[key] += min(left, coming[key])
                left -= min(left, coming[key])
            fitting = [computer for computer in others if _fits(computer, experiment)] or list(others)
            unserved = [computer for computer in fitting if not any(host == computer.name for host, _ in orders)]
            for host, share in _by_cores(
                left, unserved + [computer for computer in fitting if computer not in unserved]
            ).items():
                orders[host, experiment] += share
        with self.lab.db.transaction():
            for (host, experiment), amount in orders.items():
                if amount:
                    self.lab.order(experiment, host, amount)


def _by_version(rows: Sequence[Computed]) -> list[list[Computed]]:
    """A newer version takes the older one's place, so the older ones come back first."""
    numbers = sorted({version_of(row.experiment)[1] for row in rows})
    return [[row for row in rows if version_of(row.experiment)[1] == number] for number in numbers]


def _on_cores(
    begun: datetime, ready: Sequence[tuple[GrantedTask, Computed]], cores: int
) -> list[tuple[datetime, GrantedTask, Computed]]:
    """When each of a host's tasks is done, one after the other on each core."""
    free = [0.0] * cores
    done = []
    for granted, row in ready:
        ends = heapq.heappop(free) + row.seconds
        heapq.heappush(free, ends)
        done.append((begun + timedelta(seconds=ends), granted, row))
    return done


def _by_cores(amount: int, among: Sequence[Computer]) -> dict[str, int]:
    """Divide workunits: one for each host first, then by cores."""
    shares = {computer.name: 1 for computer in among[:amount]}
    left, cores = amount - len(shares), sum(computer.cores for computer in among)
    for computer in among if left else ():
        shares[computer.name] += left * computer.cores // cores
    for name in list(shares)[: amount - sum(shares.values())]:
        shares[name] += 1
    return shares


def _next_day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=5, second=0) + timedelta(days=1)


def _evenly(amount: int, names: Sequence[str]) -> dict[str, int]:
    whole, more = divmod(amount, len(names))
    return {name: whole + (place < more) for place, name in enumerate(names) if whole + (place < more)}


def _first_beyond(rows: Sequence[Waiting], amount: int) -> list[Waiting]:
    return list(rows[: max(0, len(rows) - amount)])


def _fits(computer: Computer, experiment: str) -> bool:
    name, _ = version_of(experiment)
    if name.endswith("_gpu"):
        return computer.gpus > 0
    return name not in _HEAVY or computer.memory_mb >= _BIG


def _cores(host: str) -> int:
    return next(computer.cores for computer in fleet() if computer.name == host)

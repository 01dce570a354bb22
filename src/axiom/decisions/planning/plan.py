"""What is ordered next, so that no core is idle and every finding comes to its end?

The first block of all, a pilot, then block after block of what is worth most for its cost, until work waits for every
core; further pilots where cores would be idle otherwise. At last it is looked where all this would go, and what an idle
core could take besides is ordered, if it is worth anything.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from axiom.decisions.experiments.release_stages import Stage
from axiom.decisions.planning.candidates import FIRST_IS_OUT, Candidate, is_stopped, obstacle
from axiom.decisions.planning.eligible import few_of, works_of
from axiom.decisions.planning.fill import Filled, Filling, fill
from axiom.decisions.planning.orders import Turns, order, pilot, replicates_of
from axiom.decisions.planning.shares import Book, Chosen, Offer, choose
from axiom.decisions.planning.task_size import UsualHosts, usual_of
from axiom.decisions.planning.usable_cores import Reach, reach
from axiom.decisions.planning.value_of_information import BELOW_FLOOR, Promise, promises
from axiom.domain.amounts import counted
from axiom.domain.planning import Purpose, Supply, Wishes
from axiom.domain.sessions import Allotment, Plan, SkippedExperiment
from axiom.limits import planning as limits

__all__ = ["Candidate", "plan"]

_WISHES = Wishes()
_STALLS = 4  # times that what was ordered for idle cores may go elsewhere, where it stands in for what waits
_AT_ONCE = 0.01  # of all that should wait, so that a large fleet's plan is made in some hundred steps


@dataclass(kw_only=True, slots=True)
class _Making:
    """A plan in the making."""

    turns: Turns
    reach: Reach
    wishes: Wishes
    floor: float
    promises: Mapping[tuple[int, int], Promise]
    standing: dict[tuple[int, int], Candidate]  # as each will stand once all this is ordered
    book: Book
    waits: dict[tuple[int, int], float]  # seconds of cores for which there is work, by candidate
    allotments: list[Allotment] = field(default_factory=list)
    ordered: set[tuple[int, int]] = field(default_factory=set)

    @property
    def wanted(self) -> float:
        """Seconds of cores for which work should wait."""
        return self.reach.cores * self.turns.each_core

    @property
    def waiting(self) -> float:
        """Seconds of cores for which work waits; no more of a candidate than the cores that it can use."""
        anybody = ours = 0.0
        for key, seconds in self.waits.items():
            for_anybody, for_ours = self._bounds(key)
            anybody += min(seconds, for_anybody)
            ours += min(max(0.0, seconds - for_anybody), for_ours)
        return anybody + min(ours, self.reach.own * self.turns.each_core)

    def pilot(self, one: Candidate) -> None:
        """Order what a pilot lacks."""
        found = pilot(one)
        self._note(one, [found], self.turns.takes(found.workunits, one.costs, Stage.PILOT))
        self.standing[one.key] = replace(one, pilot_missing=0)

    def first(self, one: Candidate) -> None:
        """Order the first block of all."""
        why = f"the first block of all is that of {one.name}, which costs least: something closes soon"
        self._order(one, 1, self.promises[one.key].purpose, why)

    def blocks(self) -> None:
        """Block after block, until work waits for every core or none is left that is worth it."""
        while (lacking := self.wanted - self.waiting) > 0:
            chosen = choose(self._offers(), self.book, self.wishes)
            if chosen is None:
                return
            self._chosen(chosen, lacking)

    def beside(self, filling: Filling) -> bool:
        """Order what idle cores and GPUs could take, of what is worth most among what fits. Was there anything?"""
        offers = sorted(self._offers(is_within_reach=False), key=lambda one: (-one.per_core_hour, one.candidate.key))
        lacking: dict[tuple[int, int], Counter[str]] = {}
        for is_on_gpu in (False, True):
            asked = [
                (one, need, self._seconds(one))
                for one in (offer.candidate for offer in offers)
                for need in one.need.places
                if need.gpu is is_on_gpu
            ]
            for host in filling.hosts if asked else ():
                if any(idle for _, idle in host.left.gpus) if is_on_gpu else host.left.cores:
                    found = (
                        (one.key, host.room(need, seconds, filling.deadline))
                        for one, need, seconds in asked
                        if _may_have(host, one)
                    )
                    key, room = next(((key, room) for key, room in found if room), ((0, 0), 0))
                    lacking.setdefault(key, Counter())["GPUs" if is_on_gpu else "cores"] += room
        lacking.pop((0, 0), None)
        for key, idle in lacking.items():
            one, tasks = self.standing[key], idle.total()
            each = sum(workunits for workunits, _ in self.turns.workunits(one, 1, self._cores(one)))
            what = " and ".join(f"{amount} {places}" for places, amount in idle.items())
            why = f"{one.name}: {what} would be idle, and of all that fits there it is worth most"
            self._order(one, max(1, -(-tasks // max(1, each))), self.promises[key].purpose, why)
        return bool(lacking)

    def few_pilots(self, asked: Sequence[Candidate], pilots: Sequence[Candidate], *, is_young: bool) -> None:
        """The cheapest, up to their share; one at least, unless one is on its way already.

        In a laboratory that has no block yet that one is all: more would take the cores that its first block waits for.
        """
        is_on_its_way = any(one.unsent for one in asked if one.stage is Stage.PILOT)
        seconds = sum((one.unsent + one.in_progress) * one.costs for one in asked if one.stage is Stage.PILOT)
        for place, one in enumerate(pilots):
            seconds += one.pilot_missing * one.costs
            if (place or is_on_its_way) and (is_young or seconds > limits.PILOT_SHARE * self.wanted):
                return
            self.pilot(one)

    def more_pilots(self, pilots: Sequence[Candidate]) -> None:
        """Where cores would be idle otherwise. What comes out of one orders the next, so no more than fill them."""
        for one in pilots:
            if one.key not in self.ordered and self.waiting < self.wanted:
                self.pilot(one)

    def obstacle(self, one: Candidate) -> str:
        """Why nothing may be ordered of it at all."""
        if (why := obstacle(one)) or self.reach.cores_for(one.key):
            return why
        return self.reach.obstacles.get(one.key, "no host has a core at the moment")

    def why_not(self, one: Candidate) -> str:
        """Why nothing is ordered of it, where that is not for the sake of others."""
        if (why := self.obstacle(one)) or not one.stage.takes_blocks:
            return why
        if self.is_worth_it(one):
            is_held = self._most(one.key) < self.reach.cores_for(one.key) * self.turns.each_core
            return one.stage_reason if is_held and self.waits[one.key] >= self._most(one.key) else ""
        return f"a further block is {BELOW_FLOOR} of {self.floor:g} bits a core-hour; a new design would tell more"

    def behind(self, one: Candidate) -> str:
        """Why nothing is ordered of it, where not enough waits for every core."""
        if one.stage.takes_blocks and self.waits[one.key] >= self._most(one.key):
            at_once = counted(self.reach.cores_for(one.key), "task")
            return f"enough of it waits: the hosts that can take it could compute {at_once} of it at once"
        return f"others come first, and with them enough waits for {counted(self.reach.cores, 'core')}"

    def value(self, one: Candidate) -> float:
        """Bits a core-hour of its next block."""
        promise = self.promises[one.key]
        return promise.weight * promise.bits(one.pending, one.block) / (one.block * one.costs) * 3_600.0

    def is_worth_it(self, one: Candidate) -> bool:
        """What is begun counts only as a whole, and what was promised was promised."""
        return one.is_begun or self.promises[one.key].is_promised or self.value(one) >= self.floor

    def _offers(self, *, is_within_reach: bool = True) -> list[Offer]:
        ready = [
            one
            for one in self.standing.values()
            if one.stage.takes_blocks
            and not self.obstacle(one)
            and self.is_worth_it(one)
            and not (is_within_reach and self.waits[one.key] >= self._most(one.key))
        ]
        return [
            Offer(candidate=one, purpose=self.promises[one.key].purpose, per_core_hour=self.value(one))
            for one in _next_of_each(ready)
        ]

    def _chosen(self, chosen: Chosen, lacking: float) -> None:
        one, purpose = chosen.offer.candidate, chosen.offer.purpose
        if one.is_begun:
            why = f"completes block {one.issued // one.block} of {one.name}, {chosen.why}"
            self._order(one, 1, purpose, why)
            return
        if one.is_untried:
            why = f"one replicate of {one.name} before the others, since its configs are new ({purpose}): {chosen.why}"
            self._order(one, 1, purpose, why)
            return
        parts = self.turns.workunits(one, 1, self._cores(one))
        each = sum(self.turns.takes(workunits, size * one.costs) for workunits, size in parts)
        lacking = min(lacking, _AT_ONCE * self.wanted)
        blocks = max(1, min(_left(one), int(lacking / each)))
        first = one.issued // one.block
        which = f"block {first}" if blocks == 1 else f"blocks {first} to {first + blocks - 1}"
        self._order(one, blocks, purpose, f"{which} of {one.name} ({purpose}): {chosen.why}")

    def _order(self, one: Candidate, blocks: int, purpose: Purpose, why: str) -> None:
        blocks = 1 if one.is_begun else min(blocks, _left(one))
        why = _with_design(one, why)  # each of several has a block 0
        made = order(one, blocks, purpose=purpose, why=why, turns=self.turns, cores=self._cores(one))
        self._note(one, made, sum(self.turns.takes(each.workunits, each.replicates_each * one.costs) for each in made))
        more = replicates_of(made)
        fault = FIRST_IS_OUT if one.is_untried else one.fault
        self.standing[one.key] = replace(one, issued=one.issued + more, is_untried=False, fault=fault)
        for other in [each for each in self.standing.values() if each.experiment_id == one.experiment_id]:
            if other.key != one.key:
                self.standing[other.key] = replace(other, issued_besides=other.issued_besides + more)

    def _note(self, one: Candidate, made: Sequence[Allotment], seconds: float) -> None:
        self.allotments += made
        self.book.add(made)
        self.waits[one.key] += seconds
        self.ordered.add(one.key)

    def busy_soon(self, asked: Sequence[Candidate]) -> int:
        """How many cores compute or have something to begin at once: what may not go out keeps none of them busy."""
        anybody = ours = 0
        for one in asked:
            few = 0 if is_stopped(one) else few_of(one)
            first = one.unsent if few is None else min(one.unsent, few)
            anybody += first + one.in_progress
            if one.stage.takes_blocks:
                ours += min(one.unsent - first, self.reach.ours_for(one.key))
        return anybody + min(ours, self.reach.own)

    def _most(self, key: tuple[int, int]) -> float:
        """Seconds of cores for which work of a candidate may wait: as many as can use it and are let."""
        return min(self.reach.cores_for(key) * self.turns.each_core, sum(self._bounds(key)))

    def _bounds(self, key: tuple[int, int]) -> tuple[float, float]:
        """The same for whoever asks, and beside it for our own hosts alone."""
        one, whole = self.standing[key], self.reach.cores_for(key) * self.turns.each_core
        few = few_of(one)
        if is_stopped(one):
            return 0.0, 0.0
        if few is None:
            return whole, 0.0
        ours = self.reach.ours_for(key) * self.turns.each_core if one.stage.takes_blocks else 0.0
        return min(whole, self.turns.takes(few, self._seconds(one), one.stage)), ours

    def _seconds(self, one: Candidate) -> float:
        """Of the longest task of its next block."""
        return max(size for _, size in self.turns.workunits(one, 1, self._cores(one))) * one.costs

    def _cores(self, one: Candidate) -> int:
        return self.reach.cores_for(one.key)


def plan(
    candidates: Sequence[Candidate],
    *,
    cores: int,
    per_core: int,
    task_seconds: float,
    supplies: Sequence[Supply] = (),
    usual: UsualHosts | None = None,
    ours: int | None = None,
    wishes: Wishes = _WISHES,
    floor: float = limits.WORTH_FLOOR,
    lately: Sequence[Allotment] = (),
    deadline_seconds: float | None = None,
    key: str = "",
) -> Plan:
    """Order pilots, then whole blocks of what is expected to tell most for its cost, until every core has work waiting.

    The first block of all comes before any further pilot, so that somebody new sees a finding soon. Blocks are ordered
    when less than half of what is wanted waits, so that orders are few. A mix holds over what was ordered `lately` too.
    Without `supplies` every core takes anything; `usual` then says how volunteers' hosts are, and `ours` our own cores.
    """
    asked = sorted(candidates, key=lambda one: (one.replicate_seconds, one.key))
    found = reach(asked, supplies, cores=cores, ours=ours, deadline=deadline_seconds)
    turns = Turns(per_core=per_core, task_seconds=task_seconds, usual=usual_of(supplies) or usual)
    book = Book(names={one.experiment_id: one.name for one in asked})
    book.add(lately)
    making = _Making(
        turns=turns,
        reach=found,
        wishes=wishes,
        floor=floor,
        promises=promises(asked),
        standing={one.key: one for one in asked},
        book=book,
        waits={one.key: turns.waiting(one) for one in asked},
    )
    enough = _ordered(making, asked)
    if supplies and found.cores and per_core > 0:
        _filled(making, asked, supplies, deadline_seconds, key)
    return _told(making, asked, enough, cores)


def _ordered(making: _Making, asked: Sequence[Candidate]) -> str:
    """Order what should wait; returns why no more is, where enough waits for every core anyway."""
    ready = [one for one in asked if one.stage.takes_blocks and not making.obstacle(one)]
    pilots = _in_turn([one for one in asked if one.stage is Stage.PILOT and not making.obstacle(one)], asked)
    before, first = making.waiting, 0.0
    is_young = all(one.issued < one.block for one in asked if one.stage.takes_blocks)
    if ready and is_young:
        making.first(ready[0])
        first = making.waiting - before
    making.few_pilots(asked, pilots, is_young=is_young)
    is_enough = 2 * (making.waiting - first) >= making.wanted
    if not is_enough:
        making.blocks()
    if not is_enough or not ready:
        making.more_pilots(pilots)
    cores = making.reach.cores
    if is_enough:
        each, half = (f"{seconds / max(1, cores):.3g} s" for seconds in (making.waiting, making.wanted / 2))
        return f"work for {each} on each of {counted(cores, 'core')} waits, and more is ordered below {half}"
    return ""


def _in_turn(pilots: Sequence[Candidate], asked: Sequence[Candidate]) -> Sequence[Candidate]:
    """The pilots in order: the cheapest first, as they are asked; but once one is passed, a map where none is begun.

    A picture is what somebody new looks for.
    """
    first = next((one for one in pilots if one.is_map), None)
    is_passed = any(one.stage.takes_blocks for one in asked)
    if first is None or not is_passed or any(one.is_map and one.issued for one in asked):
        return pilots
    return [first, *(one for one in pilots if one is not first)]


def _filled(
    making: _Making, asked: Sequence[Candidate], supplies: Sequence[Supply], deadline: float | None, key: str
) -> None:
    """Look where it would go, and order for cores that would be idle, until there are none or nothing fits them."""
    least, stalls = math.inf, 0
    while True:
        filling = fill(supplies, works_of(asked, making.allotments, supplies), deadline=deadline, key=key)
        idle = sum(host.left.cores + sum(gpus for _, gpus in host.left.gpus) for host in filling.hosts)
        stalls = 0 if idle < least else stalls + 1
        if stalls > _STALLS or not making.beside(filling):
            return
        least = min(least, idle)


def _told(making: _Making, asked: Sequence[Candidate], enough: str, cores: int) -> Plan:
    skipped = tuple(
        SkippedExperiment(
            experiment_id=one.experiment_id,
            name=one.name,
            reason=_with_design(one, making.why_not(one) or enough or making.behind(one)),
            registration_id=one.registration_id or None,
        )
        for one in asked
        if one.key not in making.ordered
    )
    tasks = sum(allotment.workunits for allotment in making.allotments)
    versions = {allotment.experiment_id for allotment in making.allotments}
    alone = len({one.experiment_id for one in skipped} - versions)
    return Plan(
        allotments=tuple(making.allotments),
        skipped=skipped,
        idle_cores=max(0, cores - making.busy_soon(asked)),
        reason=f"{counted(tasks, 'workunit')} of {counted(len(versions), 'experiment')} {_are(tasks)} ordered for "
        f"{counted(cores, 'core')}, and {counted(alone, 'experiment')} {_are(alone)} left alone",
    )


def _are(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _may_have(host: Filled, one: Candidate) -> bool:
    """Of what volunteers have few, our own hosts may have more."""
    return host.may_have(is_ours=one.theirs is not None)


def _left(one: Candidate) -> int:
    """Blocks to the end that is registered; one at least, since nobody asks of what has ended."""
    return max(1, -(-(one.stopping.replicates - one.issued) // one.block))


def _with_design(one: Candidate, reason: str) -> str:
    """With the design, where an experiment has several."""
    return f"{one.design}: {reason}" if one.design else reason


def _next_of_each(ready: Sequence[Candidate]) -> list[Candidate]:
    """Of each version the registration whose turn it is: one whose block is begun, else that with the fewest."""
    found: dict[int, Candidate] = {}
    for one in sorted(ready, key=lambda one: (not one.is_begun, one.issued, one.registration_id)):
        found.setdefault(one.experiment_id, one)
    return list(found.values())

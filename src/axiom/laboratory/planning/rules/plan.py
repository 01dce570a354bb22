"""What is ordered next, so that no core is idle and every finding comes to its end?

The first block of all, a pilot, then block after block of what is worth most for its cost, until work waits for every
core; further pilots where cores would be idle otherwise. At last it is looked where all this would go, and what an idle
core could take besides is ordered, if it is worth anything.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from axiom.domain.planning import PlanWishes, Purpose, Supply
from axiom.domain.releases import Stage
from axiom.domain.rounds import Allotment, Plan, SkippedExperiment
from axiom.laboratory.planning.rules.blocks_into_workunits import (
    OrderSizing,
    count_replicates,
    order_blocks,
    order_pilot,
)
from axiom.laboratory.planning.rules.candidates import Candidate, candidate_obstacle, is_stopped
from axiom.laboratory.planning.rules.filled_hosts import FilledFleet, FilledHost, fill_hosts
from axiom.laboratory.planning.rules.new_designs import FIRST_IS_OUT
from axiom.laboratory.planning.rules.next_block import (
    BlockOffer,
    ChosenOffer,
    OrderBook,
    choose_first_block,
    choose_offer,
    choose_registrations,
    has_no_block,
)
from axiom.laboratory.planning.rules.usable_cores import UsableCores, count_usable_cores
from axiom.laboratory.planning.rules.value_of_information import BlockValue, compute_block_values
from axiom.laboratory.planning.rules.waiting_work import list_waiting_work, most_tasks_let_out
from axiom.limits import experiments as experiment_limits
from axiom.limits import planning as limits
from axiom.rules.planning.task_size import UsualHosts, derive_usual_hosts
from axiom_weigh.amounts import tell_amount

__all__ = ["Candidate", "plan_orders"]

_WISHES = PlanWishes()
_STALLS = 4  # times that what was ordered for idle cores may go elsewhere, where it stands in for what waits
_AT_ONCE = 0.01  # of all that should wait, so that a large fleet's plan is made in some hundred steps


@dataclass(kw_only=True, slots=True)
class _Making:
    turns: OrderSizing
    reach: UsableCores
    wishes: PlanWishes
    floor: float
    promises: Mapping[tuple[int, int], BlockValue]
    candidates: dict[tuple[int, int], Candidate]  # as each will stand once all this is ordered
    book: OrderBook
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

    def pilot(self, candidate: Candidate) -> None:
        allotment = order_pilot(candidate)
        self._note(
            candidate, [allotment], self.turns.takes(candidate, allotment.workunits, candidate.costs, Stage.PILOT)
        )
        self.candidates[candidate.key] = replace(candidate, pilot_missing=0)

    def first(self, chosen: ChosenOffer) -> None:
        """Order the first block of all."""
        self._order(chosen.offer.candidate, 1, chosen.offer.purpose, chosen.why)

    def blocks(self) -> None:
        """Block after block, until work waits for every core or none is left that is worth it."""
        while (lacking := self.wanted - self.waiting) > 0:
            chosen = choose_offer(self._offers(), self.book, self.wishes)
            if chosen is None:
                return
            self._chosen(chosen, lacking)

    def fill_idle(self, filling: FilledFleet) -> bool:
        """Order what idle cores and GPUs could take, of what is worth most among what fits. Was there anything?"""
        offers = sorted(
            self._offers(is_within_reach=False),
            key=lambda offer: (not offer.candidate.is_approved, -offer.per_core_hour, offer.candidate.key),
        )
        lacking: dict[tuple[int, int], Counter[str]] = {}
        for is_on_gpu in (False, True):
            wanted = [
                (candidate, need, self._seconds(candidate))
                for candidate in (offer.candidate for offer in offers)
                for need in candidate.need.places
                if need.gpu is is_on_gpu
            ]
            for host in filling.hosts if wanted else ():
                if any(idle for _, idle in host.left.gpus) if is_on_gpu else host.left.cores:
                    rooms = (
                        (candidate.key, host.room(need, seconds, filling.deadline))
                        for candidate, need, seconds in wanted
                        if _may_have(host, candidate)
                    )
                    key, room = next(((key, room) for key, room in rooms if room), ((0, 0), 0))
                    lacking.setdefault(key, Counter())["GPUs" if is_on_gpu else "cores"] += room
        lacking.pop((0, 0), None)
        for key, idle in lacking.items():
            candidate, tasks = self.candidates[key], idle.total()
            of_a_block = sum(workunits for workunits, _ in self.turns.workunits(candidate, 1, self._cores(candidate)))
            what = " and ".join(f"{amount} {places}" for places, amount in idle.items())
            why = f"{candidate.name}: {what} would be idle, and of all that fits there it is worth most"
            self._order(candidate, max(1, -(-tasks // max(1, of_a_block))), self.promises[key].purpose, why)
        return bool(lacking)

    def few_pilots(self, candidates: Sequence[Candidate], pilots: Sequence[Candidate], *, is_young: bool) -> None:
        """The cheapest, up to their share; one at least, unless one is on its way already.

        In a laboratory that has no block yet that one is all: more would take the cores that its first block waits for.
        """
        is_on_its_way = any(candidate.unsent for candidate in candidates if candidate.stage is Stage.PILOT)
        seconds = sum(
            (candidate.unsent + candidate.in_progress) * candidate.costs
            for candidate in candidates
            if candidate.stage is Stage.PILOT
        )
        for place, candidate in enumerate(pilots):
            seconds += candidate.pilot_missing * candidate.costs
            if (place or is_on_its_way) and (is_young or seconds > experiment_limits.PILOT_SHARE * self.wanted):
                return
            self.pilot(candidate)

    def more_pilots(self, pilots: Sequence[Candidate]) -> None:
        """Where cores would be idle otherwise. What comes out of one orders the next, so no more than fill them."""
        for candidate in pilots:
            if candidate.key not in self.ordered and self.waiting < self.wanted:
                self.pilot(candidate)

    def obstacle(self, candidate: Candidate) -> str:
        """Why nothing may be ordered of it at all."""
        if (why := candidate_obstacle(candidate)) or self.reach.cores_for(candidate.key):
            return why
        return self.reach.obstacles.get(candidate.key, "no host has a core at the moment")

    def why_not(self, candidate: Candidate) -> str:
        """Why nothing is ordered of it, where that is not for the sake of others."""
        if (why := self.obstacle(candidate)) or not candidate.stage.takes_blocks:
            return why
        if self.is_below_floor(candidate):
            floor = f"the floor of {self.floor:g} bits a core-hour"
            return f"a further block is worth less than {floor}; a new design would tell more"
        is_held = self._most(candidate.key) < self.reach.cores_for(candidate.key) * self.turns.each_core
        return candidate.stage_reason if is_held and self.waits[candidate.key] >= self._most(candidate.key) else ""

    def is_below_floor(self, candidate: Candidate) -> bool:
        """Is that the only thing that speaks against its next block?"""
        return not self.obstacle(candidate) and candidate.stage.takes_blocks and not self.is_worth_it(candidate)

    def behind(self, candidate: Candidate) -> str:
        """Why nothing is ordered of it, where not enough waits for every core."""
        if candidate.stage.takes_blocks and self.waits[candidate.key] >= self._most(candidate.key):
            at_once = tell_amount(self.reach.cores_for(candidate.key) // self.turns.cores_of(candidate), "task")
            return f"enough of it waits: the hosts that can take it could compute {at_once} of it at once"
        return f"others come first, and with them enough waits for {tell_amount(self.reach.cores, 'core')}"

    def value(self, candidate: Candidate) -> float:
        """Bits a core-hour of its next block."""
        promise = self.promises[candidate.key]
        return (
            promise.weight
            * promise.bits(candidate.pending, candidate.block)
            / (candidate.block * candidate.costs)
            * 3_600.0
        )

    def offers(self, candidates: Sequence[Candidate]) -> list[BlockOffer]:
        return [
            BlockOffer(
                candidate=candidate, purpose=self.promises[candidate.key].purpose, per_core_hour=self.value(candidate)
            )
            for candidate in candidates
        ]

    def is_worth_it(self, candidate: Candidate) -> bool:
        """What is begun counts only as a whole, what was promised was promised, and what a person approved is asked."""
        return (
            candidate.is_begun
            or candidate.is_approved
            or self.promises[candidate.key].is_promised
            or self.value(candidate) >= self.floor
        )

    def _offers(self, *, is_within_reach: bool = True) -> list[BlockOffer]:
        ready = [
            candidate
            for candidate in self.candidates.values()
            if candidate.stage.takes_blocks
            and not self.obstacle(candidate)
            and self.is_worth_it(candidate)
            and not (is_within_reach and self.waits[candidate.key] >= self._most(candidate.key))
        ]
        return self.offers(choose_registrations(ready))

    def _chosen(self, chosen: ChosenOffer, lacking: float) -> None:
        candidate, purpose = chosen.offer.candidate, chosen.offer.purpose
        if candidate.is_begun:
            why = f"completes block {candidate.issued // candidate.block} of {candidate.name}, {chosen.why}"
            self._order(candidate, 1, purpose, why)
            return
        if candidate.is_untried:
            why = f"one replicate of {candidate.name} before the others, since its configs are new ({purpose})"
            why = f"{why}: {chosen.why}"
            self._order(candidate, 1, purpose, why)
            return
        parts = self.turns.workunits(candidate, 1, self._cores(candidate))
        of_a_block = sum(self.turns.takes(candidate, workunits, size * candidate.costs) for workunits, size in parts)
        lacking = min(lacking, _AT_ONCE * self.wanted)
        blocks = max(1, min(_left(candidate), int(lacking / of_a_block)))
        first = candidate.issued // candidate.block
        which = f"block {first}" if blocks == 1 else f"blocks {first} to {first + blocks - 1}"
        self._order(candidate, blocks, purpose, f"{which} of {candidate.name} ({purpose}): {chosen.why}")

    def _order(self, candidate: Candidate, blocks: int, purpose: Purpose, why: str) -> None:
        blocks = 1 if candidate.is_begun else min(blocks, _left(candidate))
        why = _with_design(candidate, why)  # each of several has a block 0
        made = order_blocks(candidate, blocks, purpose=purpose, why=why, turns=self.turns, cores=self._cores(candidate))
        seconds = (self.turns.takes(candidate, part.workunits, part.replicates_each * candidate.costs) for part in made)
        self._note(candidate, made, sum(seconds))
        more = count_replicates(made)
        fault = FIRST_IS_OUT if candidate.is_untried else candidate.fault
        self.candidates[candidate.key] = replace(
            candidate, issued=candidate.issued + more, is_untried=False, fault=fault
        )
        for other in list(self.candidates.values()):
            if other.experiment_id == candidate.experiment_id and other.key != candidate.key:
                self.candidates[other.key] = replace(other, issued_besides=other.issued_besides + more)

    def _note(self, candidate: Candidate, made: Sequence[Allotment], seconds: float) -> None:
        self.allotments += made
        self.book.add(made)
        self.waits[candidate.key] += seconds
        self.ordered.add(candidate.key)

    def busy_soon(self, candidates: Sequence[Candidate]) -> int:
        """How many cores compute or have something to begin at once: what may not go out keeps none of them busy."""
        anybody = ours = 0
        for candidate in candidates:
            few = 0 if is_stopped(candidate) else most_tasks_let_out(candidate)
            first = candidate.unsent if few is None else min(candidate.unsent, few)
            anybody += first + candidate.in_progress
            if candidate.stage.takes_blocks:
                ours += min(candidate.unsent - first, self.reach.ours_for(candidate.key))
        return anybody + min(ours, self.reach.own)

    def _most(self, key: tuple[int, int]) -> float:
        """Seconds of cores for which work of a candidate may wait: as many as can use it and are let."""
        return min(self.reach.cores_for(key) * self.turns.each_core, sum(self._bounds(key)))

    def _bounds(self, key: tuple[int, int]) -> tuple[float, float]:
        """Seconds of cores that may wait for whoever asks, and beside it for our own hosts alone."""
        candidate, whole = self.candidates[key], self.reach.cores_for(key) * self.turns.each_core
        few = most_tasks_let_out(candidate)
        if is_stopped(candidate):
            return 0.0, 0.0
        if few is None:
            return whole, 0.0
        ours = self.reach.ours_for(key) * self.turns.each_core if candidate.stage.takes_blocks else 0.0
        return min(whole, self.turns.takes(candidate, few, self._seconds(candidate), candidate.stage)), ours

    def _seconds(self, candidate: Candidate) -> float:
        """What the longest task of its next block takes."""
        return max(size for _, size in self.turns.workunits(candidate, 1, self._cores(candidate))) * candidate.costs

    def _cores(self, candidate: Candidate) -> int:
        return self.reach.cores_for(candidate.key)


def plan_orders(
    candidates: Sequence[Candidate],
    *,
    cores: int,
    per_core: int,
    task_seconds: float,
    supplies: Sequence[Supply] = (),
    usual: UsualHosts | None = None,
    ours: int | None = None,
    wishes: PlanWishes = _WISHES,
    floor: float = limits.WORTH_FLOOR,
    lately: Sequence[Allotment] = (),
    deadline_seconds: float | None = None,
) -> Plan:
    """Order pilots, then whole blocks of what is expected to tell most for its cost, until every core has work waiting.

    The first block of all comes before any further pilot, so that somebody new sees a finding soon. Blocks are ordered
    when less than half of what is wanted waits, so that orders are few. A mix holds over what was ordered `lately` too.
    Without `supplies` every core takes anything; `usual` then says how volunteers' hosts are, and `ours` our own cores.
    """
    candidates = sorted(candidates, key=lambda candidate: (candidate.replicate_seconds, candidate.key))
    within_reach = count_usable_cores(candidates, supplies, cores=cores, ours=ours, deadline=deadline_seconds)
    turns = OrderSizing(per_core=per_core, task_seconds=task_seconds, usual=derive_usual_hosts(supplies) or usual)
    book = OrderBook(names={candidate.experiment_id: candidate.name for candidate in candidates})
    book.add(lately)
    making = _Making(
        turns=turns,
        reach=within_reach,
        wishes=wishes,
        floor=floor,
        promises=compute_block_values(candidates),
        candidates={candidate.key: candidate for candidate in candidates},
        book=book,
        waits={candidate.key: turns.waiting(candidate) for candidate in candidates},
    )
    enough = _ordered(making, candidates)
    if supplies and within_reach.cores and per_core > 0:
        _fill(making, candidates, supplies, deadline_seconds)
    return _as_plan(making, candidates, enough, cores)


def _ordered(making: _Making, candidates: Sequence[Candidate]) -> str:
    """Order what should wait; returns why no more is, where enough waits for every core anyway."""
    ready = [candidate for candidate in candidates if candidate.stage.takes_blocks and not making.obstacle(candidate)]
    pilots = _in_turn(
        [candidate for candidate in candidates if candidate.stage is Stage.PILOT and not making.obstacle(candidate)],
        candidates,
    )
    before, first = making.waiting, 0.0
    is_young = has_no_block(candidates)
    if is_young and (chosen := choose_first_block(making.offers(ready))):
        making.first(chosen)
        first = making.waiting - before
    making.few_pilots(candidates, pilots, is_young=is_young)
    is_enough = 2 * (making.waiting - first) >= making.wanted
    if not is_enough:
        making.blocks()
    if not is_enough or not ready:
        making.more_pilots(pilots)
    cores = making.reach.cores
    if is_enough:
        waits, half = (f"{seconds / max(1, cores):.3g} s" for seconds in (making.waiting, making.wanted / 2))
        return f"work for {waits} on each of {tell_amount(cores, 'core')} waits, and more is ordered below {half}"
    return ""


def _in_turn(pilots: Sequence[Candidate], candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """The pilots in order: the cheapest first, as they are asked; but once one is passed, a map where none is begun.

    A picture is what somebody new looks for.
    """
    pilots = sorted(pilots, key=lambda candidate: not candidate.is_approved)
    first = next((candidate for candidate in pilots if candidate.is_map), None)
    is_passed = any(candidate.stage.takes_blocks for candidate in candidates)
    if first is None or not is_passed or any(candidate.is_map and candidate.issued for candidate in candidates):
        return pilots
    return [first, *(candidate for candidate in pilots if candidate is not first)]


def _fill(making: _Making, candidates: Sequence[Candidate], supplies: Sequence[Supply], deadline: float | None) -> None:
    """Look where it would go, and order for cores that would be idle, until there are none or nothing fits them."""
    least, stalls = math.inf, 0
    while True:
        filling = fill_hosts(supplies, list_waiting_work(candidates, making.allotments, supplies), deadline=deadline)
        idle = sum(host.left.cores + sum(gpus for _, gpus in host.left.gpus) for host in filling.hosts)
        stalls = 0 if idle < least else stalls + 1
        if stalls > _STALLS or not making.fill_idle(filling):
            return
        least = min(least, idle)


def _as_plan(making: _Making, candidates: Sequence[Candidate], enough: str, cores: int) -> Plan:
    skipped = tuple(
        SkippedExperiment(
            experiment_id=candidate.experiment_id,
            name=candidate.name,
            reason=_with_design(candidate, making.why_not(candidate) or enough or making.behind(candidate)),
            registration_id=candidate.registration_id or None,
            is_below_floor=making.is_below_floor(candidate),
        )
        for candidate in candidates
        if candidate.key not in making.ordered
    )
    tasks = sum(allotment.workunits for allotment in making.allotments)
    versions = {allotment.experiment_id for allotment in making.allotments}
    alone = len({left.experiment_id for left in skipped} - versions)
    ordered = f"{tell_amount(tasks, 'workunit')} of {tell_amount(len(versions), 'experiment')} {_are(tasks)}"
    ordered = ordered if tasks else "nothing more is"
    return Plan(
        allotments=tuple(making.allotments),
        skipped=skipped,
        idle_cores=max(0, cores - making.busy_soon(candidates)),
        reason=f"{ordered} ordered for {tell_amount(cores, 'core')}, and {tell_amount(alone, 'experiment')} "
        f"{_are(alone)} left alone",
    )


def _are(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _may_have(host: FilledHost, candidate: Candidate) -> bool:
    """Of what volunteers have few, our own hosts may have more."""
    return host.may_have(is_ours=candidate.theirs is not None)


def _left(candidate: Candidate) -> int:
    """Blocks to the end that is registered; one at least, since nobody asks of what has ended."""
    return max(1, -(-(candidate.stopping.replicates - candidate.issued) // candidate.block))


def _with_design(candidate: Candidate, reason: str) -> str:
    """The reason, behind the design's name where there is one."""
    return f"{candidate.design}: {reason}" if candidate.design else reason

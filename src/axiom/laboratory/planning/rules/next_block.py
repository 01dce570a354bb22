"""Whose turn is it? What is begun, what a person approved, what an operator's shares say, then what is worth most.

The first block of all is the cheapest, so that somebody new sees a finding soon.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from axiom.domain.planning import PlanWishes, Purpose
from axiom.domain.rounds import Allotment
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom_weigh.grouping import group_pairs


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockOffer:
    """A candidate whose next block may be ordered."""

    candidate: Candidate
    purpose: Purpose
    per_core_hour: float  # bits, weighed

    @property
    def core_seconds(self) -> float:
        return self.candidate.missing * self.candidate.costs


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenOffer:
    """The offer whose turn it is, and why."""

    offer: BlockOffer
    why: str


@dataclass(kw_only=True, slots=True)
class OrderBook:
    """Core-seconds that were ordered, now and lately, by purpose and experiment."""

    names: Mapping[int, str]  # of experiments
    seconds: defaultdict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))

    def add(self, allotments: Sequence[Allotment]) -> None:
        for allotment in allotments:
            self.seconds[allotment.purpose, allotment.experiment_id] += allotment.core_seconds


def has_no_block(candidates: Sequence[Candidate]) -> bool:
    """Is the laboratory so young that no block of anything is ordered whole?"""
    return all(candidate.issued < candidate.block for candidate in candidates if candidate.stage.takes_blocks)


def choose_first_block(offers: Sequence[BlockOffer]) -> ChosenOffer | None:
    """The offer that has the first block of all; None where a person approved one, which comes before it."""
    if not offers or any(offer.candidate.is_approved for offer in offers):
        return None
    cheapest = min(offers, key=lambda offer: (offer.candidate.replicate_seconds, offer.candidate.key))
    why = f"the first block of all is that of {cheapest.candidate.name}, which costs least: something closes soon"
    return ChosenOffer(offer=cheapest, why=why)


def choose_registrations(ready: Sequence[Candidate]) -> list[Candidate]:
    """Of each version the registration whose turn it is: one whose block is begun, else that with the fewest."""
    by_version: dict[int, Candidate] = {}
    for candidate in sorted(
        ready,
        key=lambda candidate: (
            *(not candidate.is_begun, not candidate.is_approved),
            *(candidate.issued, candidate.registration_id),
        ),
    ):
        by_version.setdefault(candidate.experiment_id, candidate)
    return list(by_version.values())


def choose_offer(offers: Sequence[BlockOffer], book: OrderBook, wishes: PlanWishes) -> ChosenOffer | None:
    """The offer whose block is ordered next; None where there is none."""
    if not offers:
        return None
    if begun := [offer for offer in offers if offer.candidate.is_begun]:
        chosen = min(begun, key=lambda offer: (offer.core_seconds, offer.candidate.key))
        return ChosenOffer(offer=chosen, why="which counts only as a whole")
    if approved := [offer for offer in offers if offer.candidate.is_approved]:
        return ChosenOffer(offer=max(approved, key=_worth), why="which a person asked for or approved")
    owed, share = _by_mix(offers, book, wishes.mix) if wishes.mix else (offers, "")
    first, order = _by_priority(owed, wishes.priority)
    why = ", and ".join(filter(None, (share, order)))
    best = max(first, key=_worth)
    return ChosenOffer(
        offer=best, why=why or f"most is told there for its cost: {best.per_core_hour:.2g} bits a core-hour"
    )


def _worth(offer: BlockOffer) -> tuple[float, ...]:
    return offer.per_core_hour, *(-number for number in offer.candidate.key)


def _by_priority(offers: Sequence[BlockOffer], priority: Sequence[str]) -> tuple[Sequence[BlockOffer], str]:
    """Those of the first word that anything is there for."""
    for word in priority:
        if meant := [offer for offer in offers if word in (offer.purpose.value, offer.candidate.name)]:
            return meant, f"{word} come first, as an operator wants it" if word in set(
                Purpose
            ) else f"{word} comes first"
    return offers, ""


def _by_mix(
    offers: Sequence[BlockOffer], book: OrderBook, mix: Sequence[tuple[str, float]]
) -> tuple[Sequence[BlockOffer], str]:
    """Those of the share of which least is ordered yet; what no share names has what the shares leave."""
    words = [word for word, _ in mix]
    rest = 100.0 - sum(percent for _, percent in mix)
    groups = group_pairs((_share_of(offer.purpose, offer.candidate.name, words), offer) for offer in offers)
    shares = {word: percent for word, percent in (*mix, ("", rest)) if percent > 0 and word in groups}
    if not shares:
        return offers, ""
    had: defaultdict[str, float] = defaultdict(float)
    for (purpose, number), seconds in book.seconds.items():
        had[_share_of(purpose, book.names.get(number, ""), words)] += seconds
    word = min(shares, key=lambda word: (had[word] / shares[word], -shares[word], word))
    return groups[word], f"{word} is to have {shares[word]:g} % of what is ordered" if word else ""


def _share_of(purpose: str, name: str, words: Collection[str]) -> str:
    """Under which word of a mix an order counts: that of its experiment before that of its purpose, or under none."""
    return next((word for word in (name, str(purpose)) if word in words), "")

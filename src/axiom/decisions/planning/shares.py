"""Whose turn is it? An operator's order and shares, the shares that are kept for what else is forgotten, then worth."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from axiom.decisions.planning.candidates import Candidate
from axiom.domain.planning import Purpose, Quotas, Wishes
from axiom.domain.sessions import Allotment

_KEPT = {Purpose.NEW: "questions of which nothing is known", Purpose.GENERALITY: "further designs of known findings"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A candidate whose next block may be ordered."""

    candidate: Candidate
    purpose: Purpose
    per_core_hour: float  # bits, weighed

    @property
    def core_seconds(self) -> float:
        """Of its next block."""
        return self.candidate.missing * self.candidate.costs


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """The offer whose turn it is, and why."""

    offer: Offer
    why: str


@dataclass(kw_only=True, slots=True)
class Book:
    """Core-seconds that were ordered, now and lately, by purpose and by experiment."""

    horizon: float  # core-seconds that are about to be ordered
    names: Mapping[int, str] = field(default_factory=dict)  # of experiments
    purposes: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    experiments: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    both: defaultdict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    whole: float = 0.0

    def add(self, allotments: Sequence[Allotment]) -> None:
        """Note what was ordered."""
        for allotment in allotments:
            self.purposes[allotment.purpose] += allotment.core_seconds
            self.experiments[allotment.experiment_id] += allotment.core_seconds
            self.both[allotment.purpose, allotment.experiment_id] += allotment.core_seconds
            self.whole += allotment.core_seconds

    def total(self) -> float:
        """What shares are shares of."""
        return max(self.horizon, self.whole)


def choose(offers: Sequence[Offer], book: Book, quotas: Quotas, wishes: Wishes) -> Chosen | None:
    """The offer whose block is ordered next; None where there is none."""
    if not offers:
        return None
    if begun := [offer for offer in offers if offer.candidate.is_begun]:
        chosen = min(begun, key=lambda one: (one.core_seconds, one.candidate.key))
        return Chosen(offer=chosen, why="which counts only as a whole")
    asked, share = _by_mix(offers, book, wishes.mix) if wishes.mix else (offers, "")
    asked, first = _by_priority(asked, wishes.priority)
    why = ", and ".join(filter(None, (share, first)))
    if not wishes.mix and quotas.are_on:
        asked, why = _by_quota(asked, book, quotas, why)
    best = max(asked, key=lambda one: (one.per_core_hour, -one.candidate.experiment_id, -one.candidate.registration_id))
    return Chosen(offer=best, why=why or f"most is told there for its cost: {best.per_core_hour:.2g} bits a core-hour")


def _is_meant(one: Offer, word: str) -> bool:
    return word in (one.purpose.value, one.candidate.name)


def _by_priority(offers: Sequence[Offer], priority: Sequence[str]) -> tuple[Sequence[Offer], str]:
    """Those of the first word that anything is there for."""
    for word in priority:
        if found := [offer for offer in offers if _is_meant(offer, word)]:
            return found, f"{word} come first, as an operator wants it" if word in set(
                Purpose
            ) else f"{word} comes first"
    return offers, ""


def _by_mix(offers: Sequence[Offer], book: Book, mix: Sequence[tuple[str, float]]) -> tuple[Sequence[Offer], str]:
    """Those of the share of which least is ordered yet; what no share names has what the shares leave."""
    words = [word for word, _ in mix]
    rest = 100.0 - sum(percent for _, percent in mix)
    groups: dict[str, list[Offer]] = {}
    for offer in offers:
        groups.setdefault(_share_of(offer.purpose, offer.candidate.name, words), []).append(offer)
    shares = {word: percent for word, percent in (*mix, ("", rest)) if percent > 0 and word in groups}
    if not shares:
        return offers, ""
    had: defaultdict[str, float] = defaultdict(float)
    for (purpose, number), seconds in book.both.items():
        had[_share_of(purpose, book.names.get(number, ""), words)] += seconds
    word = min(shares, key=lambda word: (had[word] / shares[word], -shares[word], word))
    return groups[word], f"{word} is to have {shares[word]:g} % of what is ordered" if word else ""


def _share_of(purpose: str, name: str, words: Collection[str]) -> str:
    """Under which word of a mix an order counts: that of its experiment before that of its purpose, or under none."""
    return next((word for word in (name, str(purpose)) if word in words), "")


def _by_quota(offers: Sequence[Offer], book: Book, quotas: Quotas, why: str) -> tuple[Sequence[Offer], str]:
    """What is owed to a purpose comes first, to the nearest block; no finding gets much more than its share."""
    for purpose, share in ((Purpose.NEW, quotas.new), (Purpose.GENERALITY, quotas.generality)):
        kept = share * book.total()
        owed = [
            offer
            for offer in offers
            if offer.purpose is purpose and book.purposes[purpose] + offer.core_seconds / 2 <= kept
        ]
        if 0 < len(owed) < len(offers):
            return _under(owed, book, quotas), f"{share:.0%} of what is ordered is kept for {_KEPT[purpose]}"
    return _under(offers, book, quotas), why


def _under(offers: Sequence[Offer], book: Book, quotas: Quotas) -> Sequence[Offer]:
    """Those of which one block more is not too much, as long as there are any."""
    most = quotas.most_of_finding * book.total()
    had = book.experiments
    under = [
        offer
        for offer in offers
        if had[offer.candidate.experiment_id] == 0 or had[offer.candidate.experiment_id] + offer.core_seconds <= most
    ]
    return under or offers

"""A step of rounds: what was paid, by tier, volunteer and host, and which tariff was chosen."""

import re
from collections import Counter
from collections.abc import Mapping

from axiom.domain.rounds import Note
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.store.credit import ledger, settlements, tariffs
from axiom.store.rounds import rounds
from axiom.store.views import credit

_THOUSANDTHS = 1_000
_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")


def tell_new_tariffs(this_round: OpenRound) -> list[Note]:
    """The announced tariffs that began in the time of which this session tells."""
    return [
        Note(
            kind="credit.tariff",
            text="Credit is computed by {tariff}, version {version}. Why: {because}",
            facts={"tariff": begun.tariff.name, "version": begun.tariff.version, "because": begun.because},
            about=f"/ledger#tariff-{begun.id}",
        )
        for begun in tariffs.list_begun_tariffs(this_round.db, this_round.now)
        if begun.because and this_round.window.holds(begun.valid_from)
    ]


def tell_awards(this_round: OpenRound) -> list[Note]:
    """The lines of this session's settlement; none where nothing was awarded."""
    settled = settlements.find_settlement(this_round.db, this_round.round.id)
    if settled is None or not settled.awards:
        return []
    page = f"/ledger/{this_round.round.name}"
    totals = credit.sum_awards_between(this_round.db, settled.after_award, settled.last_award)
    return [
        *_against_cap(this_round, page),
        *shorten_notes(_tiers(totals.by_tier, totals.awards_by_tier, page), "Tiers", page),
        *_holder_notes(this_round, "volunteer", ledger.VOLUNTEER, totals.by_volunteer),
        *_holder_notes(this_round, "host", ledger.HOST, totals.by_host),
    ]


def _against_cap(this_round: OpenRound, page: str) -> list[Note]:
    db, number = this_round.db, this_round.round.id
    before = rounds.find_session_before(db, number)
    settled = settlements.list_round_settlements(db, before.id if before else 0, number)
    cap = settlements.join_caps([settlement.session_cap for settlement in settled])
    facts = {"spent": sum(settlement.capped for settlement in settled) / _THOUSANDTHS}
    if cap is None:
        text = "No cap holds for a session; what counts against one is {spent}."
        return [Note(kind="credit.uncapped", text=text, facts=facts, about=page)]
    text = "Against the session’s cap of {cap} count {spent}."
    return [Note(kind="credit.cap", text=text, facts={**facts, "cap": cap / _THOUSANDTHS}, about=page)]


def _tiers(amounts: Mapping[str, int], awards: Mapping[str, int], page: str) -> list[Note]:
    return [
        Note(
            kind="credit.tier",
            text="Tier {tier}: awards {awards}, credit {credit}.",
            facts={"tier": tier, "awards": awards[tier], "credit": amount / _THOUSANDTHS},
            about=page,
        )
        for tier, amount in sorted(amounts.items(), key=lambda pair: (_tier_start(pair[0]), pair[0]))
    ]


def _tier_start(tier: str) -> float:
    """The number with which a tier begins; one without any comes first."""
    match = _NUMBER.search(tier)
    return float(match[0].replace(",", "")) if match else -1.0


def _holder_notes(this_round: OpenRound, noun: str, holder: str, amounts: Counter[int]) -> list[Note]:
    ranked = sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0]))
    balances = ledger.find_balances(this_round.db, holder, [number for number, _ in ranked])
    notes = [
        Note(
            kind=f"credit.{noun}",
            text="{noun} {number}: credit {credit}, and {total} since the beginning.",
            facts={
                "noun": noun.capitalize(),
                "number": number,
                "credit": amount / _THOUSANDTHS,
                "total": balances[number].total / _THOUSANDTHS if number in balances else 0,
            },
            about=f"/{noun}s/{number}",
        )
        for number, amount in ranked
    ]
    return shorten_notes(notes, f"{noun.capitalize()}s with credit", f"/ledger/{this_round.round.name}")

"""What does a new tariff change? Said to whoever computes here, before the first day on which it holds."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from axiom.domain.ledger import Tariff, Tier

_THOUSANDTHS = 1_000
_MOST_TIERS = 8  # that are named one by one; of more, the first and the last


def announcement(before: Tariff | None, tariff: Tariff, valid_from: datetime, because: str) -> str:
    """From when on it holds, what is other than under the tariff before it, and why."""
    why = f" Why: {because.rstrip('.')}." if because else ""
    return (
        f"From {valid_from:%Y-%m-%d %H:%M} UTC on credit is computed by tariff {tariff.name}, version "
        f"{tariff.version}: {changes(before, tariff)}.{why}"
    )


def changes(before: Tariff | None, tariff: Tariff) -> str:
    """Every rule that is other than before, with what it was; all of them where nothing was before."""
    old = dict(_rules(before)) if before is not None else {}
    said = [
        f"{what} {rule}" + (f" (until then {old[what]})" if what in old else "")
        for what, rule in _rules(tariff)
        if old.get(what) != rule
    ]
    if before is not None and before.tiers != tariff.tiers and old["a valid task gets"] == _valid(tariff):
        said.insert(0, "what a valid task gets changes between the first tier and the last, which stay as they are")
    return "; ".join(said) or "nothing changes but its name"


def _rules(tariff: Tariff) -> Iterator[tuple[str, str]]:
    yield "a valid task gets", _valid(tariff)
    yield "computing on a GPU adds", _credit(tariff.gpu_bonus) if tariff.gpu_bonus else "nothing"
    yield "a task that failed gets", _fixed(tariff.failed)
    yield "one that failed by the laboratory's doing gets", _fixed(tariff.broken)
    cap = tariff.session_cap
    yield "between two sessions is paid", "all" if cap is None else f"{_credit(cap)} at most"


def _valid(tariff: Tariff) -> str:
    per_hundred = _credit(100 * tariff.per_core_second)
    if not tariff.tiers:
        return f"{per_hundred} for a hundred seconds of a reference core"
    return f"{_tiers(tariff.tiers)}, {'by its host’s clock' if tariff.by_clock else 'of a reference core'}"


def _tiers(tiers: Sequence[Tier]) -> str:
    named = tiers if len(tiers) <= _MOST_TIERS else (tiers[0], tiers[-1])
    return ", ".join(f"{_credit(tier.amount)} {_from_to(tier)}" for tier in named)


def _from_to(tier: Tier) -> str:
    return f"from {tier.start:,} seconds on" if tier.end is None else f"below {tier.end:,} seconds"


def _fixed(amount: int | None) -> str:
    if amount is None:
        return "what a valid one does"
    return _credit(amount) if amount else "nothing"


def _credit(amount: int) -> str:
    return f"{amount / _THOUSANDTHS:,.3f}".rstrip("0").rstrip(".") + " credit"

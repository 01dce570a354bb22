"""What is a task worth? Credit is thanks for computing, by a tariff that everybody can read."""

import math
from dataclasses import dataclass

from axiom.domain.ledger import Tariff

_CLOCK_STEP = 60.0  # seconds by which a clock may be set while a task is out
_LONGEST_SECONDS = 30 * 86_400.0  # far beyond every deadline; more is no time but an error or a lie


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """Thousandths of a credit, and how they came about."""

    amount: int
    because: str


def price(
    tariff: Tariff,
    *,
    cpu_seconds: float,
    elapsed_seconds: float,
    typical_cpu_seconds: float | None,
    out_seconds: float | None = None,
    ordered_seconds: float | None = None,
) -> Price:
    """Pay core-seconds, but not more than the time that passed nor than what such a task takes at most.

    `typical_cpu_seconds` is what 99 of 100 valid tasks of the experiment stay below; None while too few are known.
    `ordered_seconds` is how long the runner computes at most before it stops every cell of the task.
    `out_seconds` is the time between dispatch and return by the laboratory's own clock, which no host can forge.
    """
    for what, seconds in (("cpu time", cpu_seconds), ("elapsed time", elapsed_seconds)):
        if not 0 <= seconds <= _LONGEST_SECONDS:
            return Price(amount=0, because=f"the {what} reported is {seconds}, which no task takes")
    paid, limit = cpu_seconds, ""
    if elapsed_seconds < paid:
        paid, limit = elapsed_seconds, f"; {cpu_seconds:.1f} were reported, and no more time passed"
    if out_seconds is not None and max(0.0, out_seconds) + _CLOCK_STEP < paid:
        paid = max(0.0, out_seconds) + _CLOCK_STEP
        limit = f"; {cpu_seconds:.1f} were reported, and the task was out for no longer"
    if ordered_seconds is not None and max(0.0, ordered_seconds) < paid:
        paid = max(0.0, ordered_seconds)
        limit = f"; {cpu_seconds:.1f} were reported, and the order allows no more"
    if typical_cpu_seconds is not None and 0 < typical_cpu_seconds < paid:
        paid, limit = typical_cpu_seconds, f"; {cpu_seconds:.1f} were reported, and 99 of 100 such tasks take no more"
    return Price(
        amount=math.floor(paid * tariff.per_core_second + 0.5),
        because=f"{paid:.1f} core-seconds at {tariff.per_core_second} thousandths ({tariff.name} "
        f"version {tariff.version}){limit}",
    )

from collections.abc import Callable
from datetime import datetime

from axiom.laboratory.credit.book_awards import SLICE
from axiom.laboratory.credit.pay import CreditPayer
from axiom.server.upkeep.jobs import TURNS, Job
from axiom.store.writer import Writer


def list_credit_jobs(
    writer: Writer, paying: CreditPayer, now: Callable[[], datetime], nudge: Callable[[str], None]
) -> list[Job]:
    def pay() -> None:
        for _ in range(TURNS):
            if writer.run(lambda db: paying.pay(db, now())) < SLICE:
                return
        nudge("credit")

    return [Job(name="credit", every=1.0, work=pay, remembered=False)]

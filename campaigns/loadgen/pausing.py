"""Runs `axiom` as it is but for one thing: while FOLDER.pause lies beside the data folder, no returned task is judged.

Judging and paying happen in the same thread as everything else that writes. What a request costs by itself can only be
seen while they rest; what it costs with all that follows is measured without this pause, and both are told. Nobody is
woken to judge meanwhile either: who judges is woken ten times a second at most, and who finds nothing, at each report.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from axiom.__main__ import main
from axiom.laboratory.credit.pay import CreditPayer
from axiom.server.returns.validator import Validator
from axiom.service.jobs import WorkJobs


def resting(work: Callable[..., int | None], flag: Path) -> Callable[..., int]:
    """The same work, of which nothing is done while the file is there."""

    def maybe(*positional: object, **named: object) -> int:
        return 0 if flag.exists() else work(*positional, **named) or 0

    return maybe


if __name__ == "__main__":
    data = Path(sys.argv[sys.argv.index("--data") + 1])
    pause = data.with_name(f"{data.name}.pause")
    Validator.judge = resting(Validator.judge, pause)  # type: ignore[method-assign]
    CreditPayer.pay = resting(CreditPayer.pay, pause)  # type: ignore[method-assign]
    WorkJobs.look_again = resting(WorkJobs.look_again, pause)  # type: ignore[method-assign,assignment]
    main()

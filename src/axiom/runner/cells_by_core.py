"""Cells of one order on several cores: a share of them for each, in a folder of its own, with a process of its own.

Which cells a share has follows from the order alone. So a task goes on where it stopped on however many cores its
volunteer lends it by then, and its output is the same, byte for byte but for the seconds.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from axiom.runner.child.pause import PauseGate, RunEnded

_THREADS = "--nthreads"  # what a volunteer may write into <cmdline> of app_config.xml, behind which stands a number


class Stoppable(Protocol):
    def stop(self) -> None: ...


R = TypeVar("R", bound=Stoppable)


def share_out(seconds: Sequence[float], most: int) -> tuple[tuple[int, ...], ...]:
    """The places of cells, in at most so many shares of which none takes much longer than another."""
    shares: list[list[int]] = [[] for _ in range(min(most, len(seconds)))]
    totals = [0.0] * len(shares)
    for place in sorted(range(len(seconds)), key=lambda place: -seconds[place]):
        least = min(range(len(shares)), key=totals.__getitem__)
        shares[least].append(place)
        totals[least] += seconds[place]
    return tuple(tuple(sorted(share)) for share in shares if share)


def compute_shares(shares: int, runners: Sequence[R], gate: PauseGate, compute: Callable[[R, int], None]) -> None:
    """Have each runner take one share after the other, all at once. A fault of one ends the others, and is raised.

    A single one computes in this thread, and is left with its warm process.
    """
    if len(runners) == 1:
        for share in range(shares):
            compute(runners[0], share)
        return
    waiting, faults = iter(range(shares)), list[BaseException]()  # whose next one two threads never get both

    def work(runner: R) -> None:
        try:
            while (share := next(waiting, None)) is not None:
                compute(runner, share)
        except BaseException as fault:  # noqa: BLE001  whoever started this thread raises it
            faults.append(fault)
            gate.end()
        finally:
            runner.stop()  # here: the kernel ends a child with the thread that started it

    threads = [threading.Thread(target=work, args=(runner,), name="share", daemon=True) for runner in runners]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:  # a signal reached this thread meanwhile
        gate.end()
        for thread in threads:
            thread.join()
        raise
    if faults:
        raise next((fault for fault in faults if not isinstance(fault, RunEnded)), faults[0])


def take_thread_limit(words: Sequence[str]) -> tuple[list[str], int | None]:
    """The words of an order without those that a volunteer's `app_config.xml` adds, and how many cores these allow."""
    if _THREADS not in words:
        return list(words), None
    place = words.index(_THREADS)
    number = "".join(words[place + 1 : place + 2])
    return [*words[:place], *words[place + 2 :]], max(1, int(number)) if number.isdecimal() else 1

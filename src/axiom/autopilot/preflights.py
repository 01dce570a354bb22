"""Tries what was never tried, one bundle after the other, beside the sessions and without holding them up."""

import logging
import threading
import time
from collections.abc import Callable, Collection

from axiom.errors import AxiomError, CannotStart, NoSandbox
from axiom.limits import experiments as limits

log = logging.getLogger("axiom.preflights")


def run_due_preflights(
    due: Callable[[Collection[str]], str | None],
    try_out: Callable[[str], str],
    stopping: threading.Event,
    *,
    pause: float,
    report: Callable[[str], None],
) -> None:
    """Ask again and again what is due, a bundle's digest, and have it tried, until somebody says stop.

    `due` is told which bundles have to wait since they could not be tried: the others go before. `try_out` says in a
    sentence how it ended; it need not end when we are stopped, for then our process does.
    """
    rest, waits = pause, _PostponedBundles()
    while not stopping.wait(rest):
        rest, bundle = pause, None
        try:
            bundle = due(waits.now())
            if bundle is not None:
                report(try_out(bundle))
        except NoSandbox as error:
            log.error("preflight.sandbox %s", error)
            rest = max(pause, limits.PREFLIGHT_LONG_REST_SECONDS)
        except CannotStart:
            continue  # the laboratory is not up yet, or goes down: whoever holds the sessions notices
        except (AxiomError, OSError) as error:
            log.error("preflight.broken %s", error)
            rest = max(pause, waits.put_off(bundle))
        except Exception:  # this thread is all that tries anything: without it nothing new reaches a volunteer again
            log.exception("preflight.fault")
            rest = max(pause, waits.put_off(bundle))


class _PostponedBundles:
    """Which bundles are put off since they could not be tried, and until when."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._length: dict[str, float] = {}

    def now(self) -> frozenset[str]:
        moment = time.monotonic()
        return frozenset(bundle for bundle, until in self._until.items() if until > moment)

    def put_off(self, bundle: str | None) -> float:
        """Have it wait, twice as long each time; how long everything rests. Without a bundle nothing was tried."""
        if bundle is not None:
            length = self._length.get(bundle, limits.PREFLIGHT_REST_SECONDS)
            self._until[bundle] = time.monotonic() + limits.PREFLIGHT_REST_SECONDS + length
            self._length[bundle] = min(2 * length, limits.PREFLIGHT_LONG_REST_SECONDS)
        return limits.PREFLIGHT_REST_SECONDS

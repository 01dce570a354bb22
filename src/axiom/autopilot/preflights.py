"""Tries what was never tried, one bundle after the other, beside the sessions and without holding them up."""

import logging
import threading
import time
from collections.abc import Callable, Collection

from axiom.errors import AxiomError, CannotStart, NoSandbox

log = logging.getLogger("axiom.preflights")

REST = 60.0  # seconds after something went wrong that is not the bundle's fault; twice as long each time after that
LONG_REST = 3_600.0  # seconds, for what somebody must install first


def tend(
    due: Callable[[Collection[str]], str | None],
    try_out: Callable[[str], str],
    stopping: threading.Event,
    *,
    pause: float,
    said: Callable[[str], None],
) -> None:
    """Ask again and again what is due, a bundle's digest, and have it tried, until somebody says stop.

    `due` is told which bundles have to wait since they could not be tried: the others go before. `try_out` says in a
    sentence how it ended; it need not end when we are stopped, for then our process does.
    """
    rest, waits = pause, _Waits()
    while not stopping.wait(rest):
        rest, bundle = pause, None
        try:
            bundle = due(waits.now())
            if bundle is not None:
                said(try_out(bundle))
        except NoSandbox as error:
            log.error("preflight.sandbox %s", error)
            rest = max(pause, LONG_REST)
        except CannotStart:
            continue  # the laboratory is not up yet, or goes down: whoever holds the sessions notices
        except (AxiomError, OSError) as error:
            log.error("preflight.broken %s", error)
            rest = max(pause, waits.put_off(bundle))
        except Exception:  # this thread is all that tries anything: without it nothing new reaches a volunteer again
            log.exception("preflight.fault")
            rest = max(pause, waits.put_off(bundle))


class _Waits:
    """Which bundles are put off since they could not be tried, and until when."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._length: dict[str, float] = {}

    def now(self) -> frozenset[str]:
        """Those that have to wait."""
        moment = time.monotonic()
        return frozenset(bundle for bundle, until in self._until.items() if until > moment)

    def put_off(self, bundle: str | None) -> float:
        """Have it wait, twice as long each time; how long everything rests. Without a bundle nothing was tried."""
        if bundle is not None:
            length = self._length.get(bundle, REST)
            self._until[bundle] = time.monotonic() + REST + length
            self._length[bundle] = min(2 * length, LONG_REST)
        return REST

"""Tries what was never tried, one bundle after the other, beside the sessions and without holding them up."""

import logging
import threading
from collections.abc import Callable

from axiom.errors import AxiomError, CannotStart

log = logging.getLogger("axiom.preflights")

REST = 60.0  # seconds after something went wrong that is not the bundle's fault


def tend(
    due: Callable[[], str | None],
    try_out: Callable[[str], str],
    stopping: threading.Event,
    *,
    pause: float,
    said: Callable[[str], None],
) -> None:
    """Ask again and again what is due, a bundle's digest, and have it tried, until somebody says stop.

    `try_out` says in a sentence how it ended; it need not end when we are stopped, for then our process does.
    """
    rest = pause
    while not stopping.wait(rest):
        rest = pause
        try:
            bundle = due()
            if bundle is not None:
                said(try_out(bundle))
        except CannotStart:
            continue  # the laboratory is not up yet, or goes down: whoever holds the sessions notices
        except (AxiomError, OSError) as error:
            log.error("preflight.broken %s", error)
            rest = max(pause, REST)
        except Exception:  # this thread is all that tries anything: without it nothing new reaches a volunteer again
            log.exception("preflight.fault")
            rest = max(pause, REST)

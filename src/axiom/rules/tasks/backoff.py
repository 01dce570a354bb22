"""When should a client call again? Soon, never all at once, and politely when we are busy."""

from enum import StrEnum

from axiom.domain.value import value_class
from axiom.limits import server as server_limits


class ContactSituation(StrEnum):
    """How a contact went."""

    SERVED = "served"  # it got what it came for
    EMPTY = "empty"  # it asked for work, and there was none for it
    COMPUTING = "computing"  # it asked for more work than it has, and there was none for it
    BUSY = "busy"  # too many are waiting; nothing was looked at
    DOWN = "down"  # nothing can be stored at the moment
    STRANGER = "stranger"  # no account has its key
    CROWDED = "crowded"  # too many computers were added to its account just now
    GARBLED = "garbled"  # what it says cannot be read


@value_class
class ContactDelay:
    """Seconds before the next contact that a client makes by itself, and after which it makes one anyhow."""

    least: float
    most: float
    reason: str


# At least, and how far it is spread. A client looks every five seconds whether it may call. A task of three seconds is
# fetched, computed and uploaded twelve seconds after the reply that brought it: a client that may call sooner calls
# without its result, and looks again five seconds later than it could have reported.
_SECONDS = {
    ContactSituation.SERVED: (12.0, 2.0, "a short pause, so that its finished tasks come together"),
    ContactSituation.EMPTY: (10.0, 5.0, "no work for it now; its client asks less and less often by itself"),
    ContactSituation.COMPUTING: (2.0, 2.0, "no more work for it now, and it may have something to report in a moment"),
    ContactSituation.BUSY: (60.0, 120.0, "many are waiting, and they must not come back together"),
    ContactSituation.DOWN: (180.0, 240.0, "nothing can be stored now, and somebody may be mending it"),
    ContactSituation.STRANGER: (3_600.0, 600.0, "a key that no account has will not become one soon"),
    ContactSituation.CROWDED: (
        3_600.0,
        600.0,
        "many computers were added within the hour, and more may be when it is over",
    ),
    ContactSituation.GARBLED: (600.0, 600.0, "what cannot be read will not be read any better at once"),
}


def choose_contact_delay(situation: ContactSituation, *, spread: float, busy_for: float = 0.0) -> ContactDelay:
    """Decide from the situation and from where, between 0 and 1, this contact falls among its like.

    `busy_for` is how many seconds what it was just given keeps all of a proven host's cores busy.
    """
    least, width, reason = _SECONDS[situation]
    calm = min(server_limits.CALL_AGAIN_SECONDS, busy_for / 2)
    if situation is ContactSituation.SERVED and calm > least:
        least, width, reason = calm, calm / 2, "it has work for minutes, and nothing is lost while it computes"
    return ContactDelay(least=round(least + width * spread, 1), most=server_limits.CALL_ANYHOW_SECONDS, reason=reason)

"""How long does so much work take on this host, and how fast is it after one more task?"""

import math

from axiom.domain.fleet import Host

REFERENCE_FLOPS = 4e9  # what BOINC's client measures on one core of the computer that `Needs` speaks of
_LEAST_AVAILABILITY = 0.01
_SLOWEST, _FASTEST = 0.01, 100.0  # of what can be believed about a host's speed
_STEP = math.log(2)  # no single task makes a host look more than twice as fast or as slow
_LEAST_SECONDS = 1.0  # a shorter task says more about starting than about computing
_WEIGHT = 0.2  # of the newest task


def speed_of(host: Host) -> float:
    """Reference-core seconds a second of one core: learned from its tasks, else as its client measured, else 1."""
    if host.speed is not None and host.speed > 0:
        return host.speed
    return host.flops / REFERENCE_FLOPS if host.flops > 0 else 1.0


def seconds_on(host: Host, reference_seconds: float) -> float:
    return reference_seconds / speed_of(host)


def elapsed_on(host: Host, reference_seconds: float) -> float:
    """How long one core takes until it is done, with the time in which the host does not compute."""
    return seconds_on(host, reference_seconds) / count_on(host.availability)


def count_on(availability: float) -> float:
    """The share of its time in which a host computes, never so little that nothing would ever be done."""
    return max(_LEAST_AVAILABILITY, availability)


def learn_host_speed(speed: float | None, *, expected_seconds: float, elapsed_seconds: float) -> float | None:
    """The host's speed after one more task, in reference-core seconds per second; as before when that says nothing."""
    if not (expected_seconds > 0 and _LEAST_SECONDS <= elapsed_seconds < math.inf):
        return speed
    seen = min(_FASTEST, max(_SLOWEST, expected_seconds / elapsed_seconds))
    if speed is None:
        return seen
    step = max(-_STEP, min(_STEP, math.log(seen / speed)))
    return min(_FASTEST, max(_SLOWEST, speed * math.exp(_WEIGHT * step)))

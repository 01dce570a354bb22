"""How long does so much work take on this host?"""

from axiom.domain.fleet import Host

REFERENCE_FLOPS = 4e9  # what BOINC's client measures on one core of the computer that `Needs` speaks of
_LEAST_AVAILABILITY = 0.01


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

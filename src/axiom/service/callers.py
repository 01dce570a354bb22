"""Who the callers at this computer are, and how much each may do in a day."""

from axiom.domain.callers import Caller, Capability, Limits

_PER_CORE_AND_DAY = 43_200  # a workunit every two seconds: more than a core can use


def operator() -> Caller:
    """Whoever may open the data folder: a person at a terminal."""
    return Caller(
        name="operator",
        capabilities=frozenset(Capability),
        limits=Limits(workunits_per_day=100_000, aborts_per_day=200_000),
    )


def laboratory(cores: int) -> Caller:
    """The laboratory itself, which publishes its catalogue and keeps its cores busy, and takes nothing back."""
    return Caller(
        name="lab",
        capabilities=frozenset({Capability.READ, Capability.DEPLOY, Capability.OPERATE}),
        limits=Limits(workunits_per_day=max(1, cores) * _PER_CORE_AND_DAY, aborts_per_day=0),
    )

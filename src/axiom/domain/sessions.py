"""What a session decides to deploy."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Allotment:
    """So many workunits of an experiment, each of so many replicates, and why."""

    experiment_id: int
    workunits: int
    replicates_each: int
    reason: str

"""What an operator says of the tasks of one experiment, in every version of it."""

from dataclasses import dataclass
from datetime import datetime

from axiom.domain.value import value


@value
class TaskRule:
    """Only computers as large as this get such tasks, and a cell may take so many times as long as usual."""

    least_cores: int = 0
    least_memory_mb: int = 0
    times_longer: int = 1


ANY_COMPUTER = TaskRule()


@dataclass(frozen=True, kw_only=True, slots=True)
class SaidRule:
    experiment: str
    rule: TaskRule
    reason: str
    said_by: str
    said_at: datetime

"""What a session takes from the settings."""

from dataclasses import dataclass

from axiom.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How much is kept waiting, how large a task is, when a workunit is given up."""

    per_core: int
    task_seconds: float
    max_failures: int


def policy_of(settings: Settings) -> Policy:
    """The policy that the operator chose."""
    return Policy(
        per_core=settings.queue_per_core, task_seconds=settings.task_seconds, max_failures=settings.max_failures
    )

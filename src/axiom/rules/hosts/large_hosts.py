"""Is a computer large enough for what an operator keeps for large ones?"""

from axiom.domain.releases import TaskRule


def why_too_small(rule: TaskRule, *, cores: int, memory_mb: int) -> str:
    """Why it gets no task, by the cores and the memory that it lends; empty where it may."""
    if cores < rule.least_cores:
        return f"goes to computers that lend {rule.least_cores} cores or more, and this one lends {cores}"
    if memory_mb < rule.least_memory_mb:
        return (
            f"goes to computers that lend {rule.least_memory_mb} MB of memory or more, and this one lends {memory_mb}"
        )
    return ""

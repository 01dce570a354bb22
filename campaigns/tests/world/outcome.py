"""What comes of a simulated course."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class CourseOutcome:
    seed: int
    digest: str
    events: int
    counts: dict[str, int]
    results: int
    kills: int
    statements: int
    met: dict[str, int]  # what happened to the laboratory, and at which kind of statement
    broken: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)

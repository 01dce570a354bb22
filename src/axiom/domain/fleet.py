"""Who computes: volunteers and their hosts."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """Operating system, processor family and instruction set: numbers may agree bit for bit within one."""

    system: str  # linux, windows, macos
    processor: str  # x86_64, arm64
    instructions: str  # avx512, avx2, avx, none: what changes the bits of a sum

    def __str__(self) -> str:
        return f"{self.system}-{self.processor}-{self.instructions}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Capacity:
    """What a host can give."""

    cores: int
    memory_mb: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Volunteer:
    """Who owns hosts."""

    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """A computer."""

    id: int
    volunteer_id: int
    name: str
    platform: Platform
    capacity: Capacity
    created_at: datetime
    seen_at: datetime

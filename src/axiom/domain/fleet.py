"""The fleet: volunteers, their teams and their hosts."""

import json
from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Literal, get_args

from axiom.domain.value import value_class

Place = Literal["home", "work", "school"]  # where a computer stands, in BOINC's words
Venue = Literal["", Place]  # or nowhere in particular
VENUES: tuple[Venue, ...] = get_args(Venue)
MOST_SHARE = 10_000.0
UNKNOWN_PROCESSOR = "unknown"
NO_AVX = "none"  # of an x86 processor; one of another family has other instructions, and no need of these
_AVX512 = frozenset({"avx512f", "avx512dq", "avx512vl"})
KNOWN_SYSTEMS = ("linux", "windows", "macos")
OTHER_PLATFORM = "another platform"  # of all other systems together: which one is a host's own word


@value_class
class Platform:
    """Operating system, processor family and instruction set: numbers may agree bit for bit within one."""

    system: str  # one of KNOWN_SYSTEMS, or what its client says
    processor: str  # x86_64, arm64
    instructions: str  # one of INSTRUCTIONS: what changes the bits of a sum

    def __str__(self) -> str:
        return f"{self.system}-{self.processor}-{self.instructions}"

    @property
    def why_no_program(self) -> str:
        """Of a family of processors for which no program exists: that; nothing where one may."""
        if self.processor != UNKNOWN_PROCESSOR:
            return ""
        return f"there is no program for computers of the kind {self.system}"

    @property
    def has_avx(self) -> bool:
        return self.instructions != NO_AVX

    def with_gpu(self, kind: str) -> "Platform":
        """What a task computes on that such a computer's GPU of this kind has; without one it is the computer itself.

        A GPU adds up in an order of its own, whatever the processor beside it would do.
        """
        return replace(self, instructions=kind.lower()) if kind else self

    def counted_as(self, gpu: str) -> str:
        """The name under which endings on it, or on its GPU of this kind, are counted, and a version is stopped."""
        return str(self.with_gpu(gpu)) if self.system in KNOWN_SYSTEMS else OTHER_PLATFORM


INSTRUCTIONS = {"x86_64": ("avx512", "avx2", "avx", NO_AVX), "arm64": ("neon",)}
GPU_KINDS = ("NVIDIA", "ATI", "intel_gpu", "apple_gpu")  # BOINC's words: a client asks for work with them
OUR_GPUS = "NVIDIA"  # the kind on which our programs compute


def name_instructions(flags: Set[str]) -> str:
    """What an x86 processor with these flags computes with."""
    if flags >= _AVX512:
        return "avx512"
    return next((name for name in ("avx2", "avx") if name in flags), NO_AVX)


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpu:
    """A kind of graphics processor in a host, and how many of them there are."""

    kind: str  # one of GPU_KINDS, or what a client's settings name
    count: int
    memory_mb: int
    model: str = ""


@value_class
class Capacity:
    cores: int
    memory_mb: int  # for all tasks together, by the volunteer's preferences
    disk_mb: int | None = None  # for all tasks together; None where nobody has said
    gpus: tuple[Gpu, ...] = ()


@value_class
class Standing:
    """A host's record: valid tasks in a row, daily quota, turnaround."""

    valid_in_row: int = 0
    quota: int | None = None  # tasks a day and core; None is the laboratory's most
    quota_day: int = 0  # days since 1970, in UTC
    sent_that_day: int = 0
    turnaround_seconds: float | None = None  # from dispatch to report, averaged
    outvoted: int = 0  # times that two others agreed against it, the latest within a month of the one before
    outvoted_at: datetime | None = None  # the latest of them


@value_class
class Account:
    """How a volunteer is reached and known: never a key or a password, only digests of them."""

    email: str | None
    password: str | None  # Argon2id over what the client sends
    password_serial: int
    key_serial: int
    cross_id: str  # BOINC's internal cross-project id
    is_exported: bool  # has agreed to appear in the statistics files
    shows_hosts: bool
    spelt_email: str | None = None  # with the letters of a server before, where they differ: ids there rest on it

    @property
    def address(self) -> str:
        return self.spelt_email or self.email or ""


@value_class
class Volunteer:
    """A person who owns hosts."""

    id: int
    name: str
    created_at: datetime
    team_id: int | None = None
    country: str = ""
    website: str = ""
    venue: str = ""
    is_ours: bool = False  # the laboratory itself, in whose name it computes
    is_simulated: bool = False  # plays a part: nothing of theirs is ever computed


@dataclass(frozen=True, kw_only=True, slots=True)
class Team:
    """Volunteers who compute together."""

    id: int
    name: str
    founder_id: int
    country: str
    website: str
    about: str
    created_at: datetime


@value_class
class Host:
    id: int
    volunteer_id: int
    name: str
    platform: Platform
    capacity: Capacity
    created_at: datetime
    seen_at: datetime
    flops: float = 0.0  # of one core, as its client measured; 0 where nobody has
    speed: float | None = None  # reference-core seconds it computes in a second of one core, from its tasks
    availability: float = 1.0  # share of the time in which it computes
    venue: str = ""
    standing: Standing = Standing()
    why_no_work: str = ""  # what it was told when it last asked and got none
    is_simulated: bool = False  # as its volunteer is


@value_class
class ProjectPreferences:
    """What a volunteer's computers do for this laboratory."""

    resource_share: float = 100.0  # beside that of other projects; from 0 to MOST_SHARE
    on_cores: bool = True
    on_gpus: bool = True


@value_class
class PreferenceSets:
    """A volunteer's preferences for this laboratory: a venue without a set of its own goes by the general one."""

    general: ProjectPreferences = ProjectPreferences()
    by_venue: Mapping[str, ProjectPreferences] = field(default_factory=dict, hash=False)

    def at(self, venue: str) -> ProjectPreferences:
        return self.by_venue.get(venue, self.general)


@lru_cache(maxsize=256)  # most prefer nothing in particular
def read_project_preferences(text: str) -> PreferenceSets:
    """The preferences, from JSON of those that are not as for everybody."""
    words = json.loads(text or "{}")
    by_venue = words.pop("by_venue", {})
    return PreferenceSets(
        general=ProjectPreferences(**words),
        by_venue={venue: ProjectPreferences(**own) for venue, own in by_venue.items()},
    )


def write_project_preferences(sets: PreferenceSets) -> str:
    by_venue = {venue: asdict(own) for venue, own in sets.by_venue.items()}
    return json.dumps({**asdict(sets.general), "by_venue": by_venue}, sort_keys=True)

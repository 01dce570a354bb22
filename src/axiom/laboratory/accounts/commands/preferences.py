"""Commands of volunteers about what their computers compute, for this laboratory and for all."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from axiom.boinc.requests import date_preferences, wrap_preferences
from axiom.domain.fleet import MOST_SHARE, Place, Venue
from axiom.errors import NotFound, WrongUse
from axiom.gate.command import Answer
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import NUMBER
from axiom.laboratory.accounts.commands.accounts import AccountCommand
from axiom.limits import accounts as limits
from axiom.locale.languages import mark
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts


@dataclass(frozen=True, kw_only=True)
class ChangePreferences(AccountCommand, name="account.preferences"):
    """What a volunteer's computers do for this laboratory, and where a new one of them stands.

    What is not said stays as it is. `only_at` a venue, the rest is about its computers alone, which have preferences
    of their own from then on.
    """

    resource_share: float | None = field(default=None, metadata={"ge": 0, "le": MOST_SHARE})
    on_cores: bool | None = None
    on_gpus: bool | None = None
    only_at: Venue = ""
    venue: Venue | None = None

    def audited(self) -> dict[str, Any]:
        """All of it: it says nothing about a person."""
        return self.words()

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Store it; the computers hear of it when they next call."""
        self.volunteer_and_account(db)
        stored = accounts.find_preferences(db, self.volunteer)
        changed: dict[str, Any] = {
            "resource_share": self.resource_share,
            "on_cores": self.on_cores,
            "on_gpus": self.on_gpus,
        }
        sets = stored.project
        preferences = replace(
            sets.at(self.only_at), **{word: value for word, value in changed.items() if value is not None}
        )
        if not (preferences.on_cores or preferences.on_gpus):
            raise WrongUse(
                mark("Neither cores nor GPUs would compute. To compute nothing, remove the project in BOINC.")
            )
        if self.only_at:
            sets = replace(sets, by_venue={**sets.by_venue, self.only_at: preferences})
        else:
            sets = replace(sets, general=preferences)
        venue = stored.venue if self.venue is None else self.venue
        accounts.set_project_preferences(db, self.volunteer, sets, venue)
        return {"volunteer": self.volunteer}


@dataclass(frozen=True, kw_only=True)
class SeparatePreferences(AccountCommand, name="account.separate_preferences"):
    """Whether a venue's computers have preferences of their own, which begin as a copy of the general ones."""

    venue: Place
    is_separate: bool

    def audited(self) -> dict[str, Any]:
        """All of it: it says nothing about a person."""
        return self.words()

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Store it; the computers hear of it when they next call."""
        self.volunteer_and_account(db)
        stored = accounts.find_preferences(db, self.volunteer)
        by_venue = {venue: own for venue, own in stored.project.by_venue.items() if venue != self.venue}
        if self.is_separate:
            by_venue[self.venue] = stored.project.at(self.venue)
        sets = replace(stored.project, by_venue=by_venue)
        accounts.set_project_preferences(db, self.volunteer, sets, stored.venue)
        return {"volunteer": self.volunteer}


@dataclass(frozen=True, kw_only=True)
class ChangeComputing(AccountCommand, name="account.computing"):
    """When and how much a volunteer's computers compute for all projects, in BOINC's XML."""

    preferences: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.preferences.encode()) > limits.PREFERENCES_BYTES:
            raise WrongUse("The preferences are too long. Nothing was changed.")
        wrap_preferences(self.preferences)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Keep them, unless newer ones are here; the computers hear of them when they next call."""
        self.volunteer_and_account(db)
        dated, modified_at = date_preferences(wrap_preferences(self.preferences), int(now.timestamp()))
        is_newest = accounts.keep_preferences(db, self.volunteer, dated, modified_at)
        return {"volunteer": self.volunteer, "is_newest": is_newest}


@dataclass(frozen=True, kw_only=True)
class PlaceHost(AccountCommand, name="account.place"):
    """Where one of a volunteer's computers stands: it computes by the preferences for that place."""

    host: int = field(metadata=NUMBER)
    venue: Venue = ""

    def audited(self) -> dict[str, Any]:
        """All of it: a place is one of four words."""
        return self.words()

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Store it, if the computer is theirs; of another one it is not even said whether it exists."""
        self.volunteer_and_account(db)
        host = hosts.find_host(db, self.host)
        if host is None or host.volunteer_id != self.volunteer:
            raise NotFound(f"Volunteer {self.volunteer} has no host {self.host}. Nothing was changed.")
        hosts.set_venue(db, self.host, self.venue)
        return {"volunteer": self.volunteer, "host": self.host}

"""Commands of volunteers about teams: found one, join one, leave it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from axiom.errors import NotFound, Refused, WrongUse
from axiom.gate.command import Answer
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import NUMBER
from axiom.laboratory.accounts.commands.accounts import AccountCommand, check_account_name, check_country, check_website
from axiom.limits import accounts as limits
from axiom.locale.languages import mark
from axiom.rules.accounts.command_permission import CommandCost
from axiom.server.accounts.team_membership import change_team
from axiom.store.accounts import teams
from axiom.store.engine.database import Database


@dataclass(frozen=True, kw_only=True)
class FoundTeam(AccountCommand, name="team.found"):
    """A new team, which its founder belongs to."""

    called: str = field(metadata={"min_length": 1, "max_length": 200})
    country: str = field(default="", metadata={"max_length": 200})
    website: str = field(default="", metadata={"max_length": 2_000})
    about: str = field(default="", metadata={"max_length": 10_000})

    def request(self, db: Database) -> CommandCost:
        """Only so many a day, however many accounts they are handed over to."""
        return replace(super().request(db), most_a_day=limits.TEAMS_FOUNDED)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        volunteer, _ = self.volunteer_and_account(db)
        if teams.count_founded_teams(db, self.volunteer) >= limits.TEAMS_FOUNDED:
            raise Refused(
                f"You look after {limits.TEAMS_FOUNDED} teams already, with volunteers or without; join one of them. "
                "Nothing was changed."
            )
        made = teams.create_team(
            db,
            name=check_account_name(self.called),
            founder_id=self.volunteer,
            country=check_country(self.country),
            website=check_website(self.website),
            about=check_team_text(self.about),
            now=now,
        )
        if made is None:
            raise Refused(
                mark(
                    "Another team has this name, or one that looks like it. Join it, or take another name; nothing was "
                    "changed."
                )
            )
        change_team(db, volunteer, made)
        return {"volunteer": self.volunteer, "team": made}


@dataclass(frozen=True, kw_only=True)
class JoinTeam(AccountCommand, name="team.join"):
    """Belong to a team. What is earned from now on counts for it, too."""

    team: int = field(metadata=NUMBER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Leave the present team, if any, and join this one."""
        volunteer, _ = self.volunteer_and_account(db)
        if teams.find_team(db, self.team) is None:
            raise NotFound(f"There is no team {self.team}. Nothing was changed.")
        change_team(db, volunteer, self.team)
        return {"volunteer": self.volunteer, "team": self.team}


@dataclass(frozen=True, kw_only=True)
class LeaveTeam(AccountCommand, name="team.leave"):
    """Belong to no team. What was earned for the team stays with it."""

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Leave; of a team whose founder leaves, the oldest volunteer becomes the founder."""
        volunteer, _ = self.volunteer_and_account(db)
        change_team(db, volunteer, None)
        return {"volunteer": self.volunteer, "team": volunteer.team_id}


def check_team_text(text: str) -> str:
    """What a team says of itself, or why it cannot."""
    about = "\n".join(line.strip() for line in text.splitlines()).strip()
    if len(about) > limits.TEAM_CHARACTERS or not all(letter.isprintable() or letter == "\n" for letter in about):
        raise WrongUse(
            f"What a team says of itself has at most {limits.TEAM_CHARACTERS:,} characters that can be printed."
        )
    return about

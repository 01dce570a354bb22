"""What BOINC calls account managers: they read and set things for a volunteer whose account key they hold.

The key alone changes no password and no e-mail address: whoever reads it in a client's folder could then take the
account over. Those are changed on the site, by who knows the present password.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from axiom.boinc import account_keys
from axiom.boinc.accounts import (
    NO_HOST,
    AccountChange,
    AccountError,
    Problem,
    change_reply,
    error_reply,
    info_reply,
    percent,
    place_reply,
    read_change,
    read_place,
)
from axiom.boinc.requests import read_preferences
from axiom.boinc.xml import Facts, bag, in_ascii, lines, tree, written
from axiom.decisions.accounts.profile_visibility import as_shown
from axiom.domain.fleet import MOST_SHARE, Account, ProjectPreferences, Team, Volunteer
from axiom.errors import MalformedRequest
from axiom.limits import accounts as limits
from axiom.server.accounts.erase import belong
from axiom.server.accounts.failed_sign_ins import Guesses
from axiom.server.accounts.sign_up import wait_first, weak_key_of
from axiom.server.scheduler.reply import project_preferences
from axiom.store.accounts import accounts, teams
from axiom.store.connections import Connections
from axiom.store.credit import ledger
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts
from axiom.store.writer import Writer

_STRANGER = Problem(error=AccountError.NO_SUCH_ACCOUNT, text="No account here has this account key.")
_SITE_ALONE = Problem(
    error=AccountError.BAD_PASSWORD,
    text="E-mail address and password are changed on the site, by who knows the present password. Nothing was changed.",
)
_BAD_PREFERENCES = Problem(error=AccountError.BAD_NAME, text="The preferences cannot be read. Nothing was changed.")
_NO_TEAM = Problem(error=AccountError.NO_SUCH_ACCOUNT, text="There is no such team. Nothing was changed.")
_WHOLE = "<global_preferences>"
_DATE = re.compile(r"\s*<mod_time>[^<]*</mod_time>")


@dataclass(frozen=True, kw_only=True)
class AccountManagers:
    """Answers whoever acts for a volunteer. Its functions wait: call them from threads."""

    writer: Writer
    connections: Connections
    secret: bytes
    now: Callable[[], datetime]
    guesses: Guesses

    def info(self, fields: Mapping[str, str]) -> bytes:
        with self.connections.reader() as db:
            holder = _holder(db, fields)
            if holder is None:
                return error_reply(_STRANGER)
            volunteer, account = holder
            preferred = accounts.preferences(db, volunteer.id)
        facts: Facts = {
            "id": volunteer.id,
            "name": percent(volunteer.name),
            "country": percent(volunteer.country),
            "weak_auth": weak_key_of(self.secret, volunteer, account),
            "cpid": account_keys.external_cpid(account.cross_id, account.email or ""),
            "create_time": int(volunteer.created_at.timestamp()),
            "url": percent(volunteer.website),
            "send_email": 0,
            "show_hosts": int(account.shows_hosts),
            "teamid": volunteer.team_id or 0,
            "venue": preferred.venue,
        }
        own = project_preferences(preferred.project)
        return info_reply(
            facts, f"<global_prefs>{preferred.everywhere}</global_prefs>\n<project_prefs>{own}</project_prefs>\n"
        )

    def change(self, fields: Mapping[str, str]) -> bytes:
        changes = read_change(fields)
        if isinstance(changes, Problem):
            return error_reply(changes)
        if changes.email is not None or changes.passwd_hash is not None:
            return error_reply(_SITE_ALONE)
        why_not = self._why_not(fields, "am_set_info")
        problem = why_not or self.writer.run(lambda db: _change(db, fields, changes, self.now()))
        return error_reply(problem) if problem else change_reply()

    def place(self, fields: Mapping[str, str]) -> bytes:
        placement = read_place(fields)
        if isinstance(placement, Problem):
            return error_reply(placement)
        problem = self._why_not(fields, "am_set_host_info") or self.writer.run(
            lambda db: _place(db, fields, *placement)
        )
        return error_reply(problem) if problem else place_reply()

    def _why_not(self, fields: Mapping[str, str], what: str) -> Problem | None:
        """Why whoever asks may not have this done now. Each change is a commit, so there are only so many an hour."""
        with self.connections.reader() as db:
            holder = _holder(db, fields)
        if holder is None:
            return _STRANGER
        verdict = self.guesses.do_one(holder[0].id, what)
        return None if verdict.may else wait_first(verdict)

    def teams(self, fields: Mapping[str, str]) -> bytes:
        number, words = fields.get("team_id", ""), fields.get("team_name", "").strip()
        with self.connections.reader() as db:
            if number.isascii() and number.isdecimal() and len(number) <= 18:
                named = teams.by_id(db, int(number))
                return in_ascii(_team(db, named)) if named else error_reply(_NO_TEAM)
            matching = teams.like(db, words[:100], limits.TEAMS_SHOWN_TO_A_CLIENT) if words else []
            return in_ascii(f"<teams>\n{''.join(_team(db, team) for team in matching)}</teams>\n")


def _holder(db: Database, fields: Mapping[str, str]) -> tuple[Volunteer, Account] | None:
    """Whose account key this is. A weak key computes and does nothing else."""
    holder = accounts.by_key(db, account_keys.key_digest(fields.get("account_key", "")))
    return accounts.by_id(db, holder.volunteer_id) if holder and not holder.is_weak else None


def _change(db: Database, fields: Mapping[str, str], changes: AccountChange, now: datetime) -> Problem | None:
    holder = _holder(db, fields)
    if holder is None:
        return _STRANGER
    volunteer, account = holder
    if changes.team_id and teams.by_id(db, changes.team_id) is None:
        return _NO_TEAM
    try:
        everywhere = _read_everywhere(changes.global_preferences, now)
        share = _read_share(changes.project_preferences)
    except MalformedRequest:
        return _BAD_PREFERENCES
    if everywhere is not None:
        accounts.keep_preferences(db, volunteer.id, *everywhere)
    if share is not None or changes.venue is not None:
        preferred = accounts.preferences(db, volunteer.id)
        chosen = preferred.project if share is None else replace(preferred.project, resource_share=share)
        venue = preferred.venue if changes.venue is None else changes.venue
        accounts.set_project_preferences(db, volunteer.id, chosen, venue)
    if changes.team_id is not None:
        belong(db, volunteer, changes.team_id or None)
    accounts.set_profile(
        db,
        volunteer.id,
        name=volunteer.name if changes.name is None else changes.name,
        country=volunteer.country if changes.country is None else changes.country,
        website=volunteer.website if changes.website is None else changes.website,
        is_exported=account.is_exported,
        shows_hosts=account.shows_hosts if changes.shows_hosts is None else changes.shows_hosts,
    )
    return None


def _place(db: Database, fields: Mapping[str, str], host_id: int, venue: str) -> Problem | None:
    """Of another volunteer's computer it is not even said whether it exists."""
    holder, host = _holder(db, fields), hosts.host(db, host_id)
    if holder is None:
        return _STRANGER
    if host is None or host.volunteer_id != holder[0].id:
        return NO_HOST
    hosts.set_venue(db, host_id, venue)
    return None


def _read_everywhere(text: str | None, now: datetime) -> tuple[str, int] | None:
    if text is None:
        return None
    if len(text.encode()) > limits.PREFERENCES_BYTES:
        raise MalformedRequest("The preferences are too long. Nothing was changed.")
    text = lines(text.encode())
    whole = text if text.startswith(_WHOLE) else f"{_WHOLE}\n{text}\n</global_preferences>"
    top = tree(whole.encode())
    if top.leaves or len(top.children) != 1:
        raise MalformedRequest("The preferences are not one element. Nothing was changed.")
    theirs, here = int(read_preferences(whole.encode()).modified_at), int(now.timestamp())
    modified_at = min(theirs, here) or here
    return whole if theirs == modified_at else _with_time(whole, modified_at), modified_at


def _with_time(whole: str, modified_at: int) -> str:
    undated = _DATE.sub("", whole)
    return undated.replace(_WHOLE, f"{_WHOLE}\n<mod_time>{modified_at}</mod_time>", 1)


def _read_share(text: str | None) -> float | None:
    if text is None:
        return None
    tree(text.encode())
    says = bag(text.encode())
    return (
        says.number(b"resource_share", ProjectPreferences().resource_share, high=MOST_SHARE)
        if b"resource_share" in says.leaves
        else None
    )


def _team(db: Database, team: Team) -> str:
    founder = accounts.by_id(db, team.founder_id)
    team = as_shown(team, ledger.balance(db, ledger.VOLUNTEER, team.founder_id))
    facts: Facts = {
        "id": team.id,
        "name": team.name,
        "userid": team.founder_id,
        "founder_name": founder[0].name if founder else "",
        "create_time": int(team.created_at.timestamp()),
        "url": team.website,
        "description": team.about,
        "country": team.country,
        "nusers": teams.members(db, team.id),
    }
    return f"<team>\n{written(facts)}</team>\n"

"""What BOINC calls account managers: they read and set things for a volunteer whose account key they hold.

The key alone changes no password and no e-mail address: whoever reads it in a client's folder could then take the
account over. Those are changed on the site, by who knows the present password.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from axiom.boinc import account_keys
from axiom.boinc.accounts import (
    AccountChange,
    AccountError,
    Problem,
    change_reply,
    error_reply,
    info_reply,
    percent_encode,
    place_reply,
    read_change,
    read_place,
)
from axiom.boinc.project_preferences import read_preference_sets
from axiom.boinc.xml import Facts, in_ascii, parse_element_tree, write_elements
from axiom.domain.fleet import MOST_SHARE, Account, ProjectPreferences, Team, Volunteer
from axiom.errors import MalformedRequest, NotFound, Refused, WrongUse
from axiom.limits import accounts as limits
from axiom.rules.accounts.profile_visibility import hide_team_profile
from axiom.server.accounts.account_credentials import weak_key_of
from axiom.server.accounts.failed_sign_ins import Guesses
from axiom.server.accounts.sign_up import GiveCommands, wait_first
from axiom.server.scheduler.reply_elements import project_preferences
from axiom.store.accounts import accounts, teams
from axiom.store.connections import Connections
from axiom.store.credit import ledger
from axiom.store.engine.database import Database

_STRANGER = Problem(error=AccountError.NO_SUCH_ACCOUNT, text="No account here has this account key.")
_SITE_ALONE = Problem(
    error=AccountError.BAD_PASSWORD,
    text="E-mail address and password are changed on the site, by who knows the present password. Nothing was changed.",
)
_BAD_PREFERENCES = Problem(error=AccountError.BAD_NAME, text="The preferences cannot be read. Nothing was changed.")
_NO_TEAM = Problem(error=AccountError.NO_SUCH_ACCOUNT, text="There is no such team. Nothing was changed.")
CommandWords = list[tuple[str, dict[str, Any]]]  # commands by name, without whose account it is


@dataclass(frozen=True, kw_only=True)
class AccountManagers:
    """Answers whoever acts for a volunteer. Its functions wait: call them from threads."""

    give: GiveCommands
    connections: Connections
    secret: bytes
    guesses: Guesses

    def info(self, fields: Mapping[str, str]) -> bytes:
        with self.connections.reader() as db:
            holder = _holder(db, fields)
            if holder is None:
                return error_reply(_STRANGER)
            volunteer, account = holder
            preferred = accounts.find_preferences(db, volunteer.id)
        facts: Facts = {
            "id": volunteer.id,
            "name": percent_encode(volunteer.name),
            "country": percent_encode(volunteer.country),
            "weak_auth": weak_key_of(self.secret, volunteer, account),
            "cpid": account_keys.external_cpid(account.cross_id, account.address),
            "create_time": int(volunteer.created_at.timestamp()),
            "url": percent_encode(volunteer.website),
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
        try:
            shares = _read_shares(changes.project_preferences)
        except MalformedRequest:
            return error_reply(_BAD_PREFERENCES)
        return self._give(fields, "am_set_info", _commands(changes, shares), change_reply())

    def place(self, fields: Mapping[str, str]) -> bytes:
        placement = read_place(fields)
        if isinstance(placement, Problem):
            return error_reply(placement)
        host_id, venue = placement
        commands: CommandWords = [("account.place", {"host": host_id, "venue": venue})]
        return self._give(fields, "am_set_host_info", commands, place_reply())

    def _give(self, fields: Mapping[str, str], what: str, commands: CommandWords, reply: bytes) -> bytes:
        """Give commands as whose account key this is. Each is a commit, so this is done only so often an hour."""
        with self.connections.reader() as db:
            holder = _holder(db, fields)
        if holder is None:
            return error_reply(_STRANGER)
        number = holder[0].id
        verdict = self.guesses.do_one(number, what)
        if not verdict.may:
            return error_reply(wait_first(verdict))
        try:
            self.give(number, [(name, {"volunteer": number, **words}) for name, words in commands])
        except (MalformedRequest, NotFound, Refused, WrongUse) as error:
            kind = AccountError.NO_SUCH_ACCOUNT if isinstance(error, NotFound) else AccountError.BAD_NAME
            return error_reply(Problem(error=kind, text=str(error)))
        return reply

    def teams(self, fields: Mapping[str, str]) -> bytes:
        number, words = fields.get("team_id", ""), fields.get("team_name", "").strip()
        with self.connections.reader() as db:
            if number.isascii() and number.isdecimal() and len(number) <= 18:
                named = teams.find_team(db, int(number))
                return in_ascii(_team(db, named)) if named else error_reply(_NO_TEAM)
            matching = teams.search_teams(db, words[:100], limits.TEAMS_SHOWN_TO_A_CLIENT) if words else []
            return in_ascii(f"<teams>\n{''.join(_team(db, team) for team in matching)}</teams>\n")


def _holder(db: Database, fields: Mapping[str, str]) -> tuple[Volunteer, Account] | None:
    """Whose account key this is. A weak key computes and does nothing else."""
    holder = accounts.find_key_holder(db, account_keys.key_digest(fields.get("account_key", "")))
    return accounts.find_account(db, holder.volunteer_id) if holder and not holder.is_weak else None


def _commands(changes: AccountChange, shares: Mapping[str, float]) -> CommandWords:
    """What the volunteer would give at the site. What may still be refused is first: then nothing else is done."""
    team: CommandWords = [("team.join", {"team": changes.team_id}) if changes.team_id else ("team.leave", {})]
    general = {"resource_share": shares.get(""), "venue": changes.venue}
    words: CommandWords = [
        ("account.computing", {"preferences": changes.global_preferences}),
        (
            "account.profile",
            {
                "called": changes.name,
                "country": changes.country,
                "website": changes.website,
                "shows_hosts": changes.shows_hosts,
            },
        ),
        ("account.preferences", general),
        *(("account.preferences", {"resource_share": shares[at], "only_at": at}) for at in shares if at),
    ]
    changed = [(name, {word: value for word, value in own.items() if value is not None}) for name, own in words]
    return ([] if changes.team_id is None else team) + [(name, own) for name, own in changed if own]


def _read_shares(text: str | None) -> dict[str, float]:
    """The resource share of each set that says one, by venue. All else of the preferences stays as it is here."""
    if text is None:
        return {}
    parse_element_tree(text.encode())
    usual = ProjectPreferences().resource_share
    return {
        venue: says.number(b"resource_share", usual, high=MOST_SHARE)
        for venue, says in read_preference_sets(text.encode()).items()
        if b"resource_share" in says.leaves
    }


def _team(db: Database, team: Team) -> str:
    founder = accounts.find_account(db, team.founder_id)
    team = hide_team_profile(team, ledger.find_balance(db, ledger.VOLUNTEER, team.founder_id))
    facts: Facts = {
        "id": team.id,
        "name": team.name,
        "userid": team.founder_id,
        "founder_name": founder[0].name if founder else "",
        "create_time": int(team.created_at.timestamp()),
        "url": team.website,
        "description": team.about,
        "country": team.country,
        "nusers": teams.count_team_members(db, team.id),
    }
    return f"<team>\n{write_elements(facts)}</team>\n"

"""What each account page shows, and at which address each form arrives."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from axiom.boinc import account_keys
from axiom.domain.fleet import VENUES, Host
from axiom.laboratory.accounts.commands.preferences import PlaceHost, SeparatePreferences
from axiom.locale.languages import mark
from axiom.reads import ideas
from axiom.reads.accounts.volunteers import describe_contribution
from axiom.reads.base.request import Answer, Reading
from axiom.reads.leaderboards import describe_balance
from axiom.reads.maps.recent_tiles import list_tiles_by_hosts
from axiom.reads.tasks import find_newest_made
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger
from axiom.store.hosts import hosts as host_store
from axiom.web.account.account_actions import (
    new_key,
    register_account,
    show_keys,
    sign_in,
    sign_out,
    submit_erasure,
    submit_new_email,
    submit_new_password,
    submit_preferences,
    submit_profile,
)
from axiom.web.account.ideas import IDEA_ACTS, account_ideas_page
from axiom.web.account.mail_links import LINK_ACTS, MAIL_ACTS, forgotten_password_page, mail_link_page, mail_of
from axiom.web.account.team import TEAM_ACTS, account_team_page
from axiom.web.account.visit import Outcome, Visit, make_account_action

TABS = (
    ("/account", mark("Overview")),
    ("/account/profile", mark("Profile")),
    ("/account/preferences", mark("Preferences")),
    ("/account/team", mark("Team")),
    ("/account/ideas", mark("Ideas")),
    ("/account/security", mark("Sign-in and keys")),
)
# What was done, by the word that the address of the next page carries.
DONE = {
    "opened": mark("Your account is open. Now attach a computer: this page says how."),
    "opened_numbered": mark(
        "Your account is open. Somebody has this name, or one that looks like it, so yours got a number; choose "
        "another in your profile. Now attach a computer: this page says how."
    ),
    "known": mark("This account was yours already; you are signed in."),
    "profile": mark("Your profile is stored."),
    "profile_numbered": mark(
        "Your profile is stored. Somebody has this name, or one that looks like it, so yours got a number."
    ),
    "preferences": mark("Your preferences are stored. Your computers hear of them when they next call."),
    "place": mark("It is stored where this computer stands. It hears of it when it next calls."),
    "password": mark("Your password is changed. Every other browser is signed out, and the weak key is another one."),
    "email": mark("Your address is changed. Every other browser is signed out, and the weak key is another one."),
    "mail": mark("It is stored which mail you want."),
    "confirmation": mark("A mail with a link is on its way to you. Open it to confirm your address."),
    "reset": mark("Your password is changed, and every browser is signed out. Sign in with the new one."),
    "erased": mark("Your account is erased. Your computers may forget this project now: Remove, in BOINC."),
    "founded": mark("The team is founded, and you belong to it."),
    "joined": mark("You belong to this team now. What you earn from now on counts for it, too."),
    "idea": mark("Your question is with the operator, who reads it before everybody does."),
    "idea_back": mark("You took the idea back. Nobody but you and the operator reads it now."),
    "left": mark("You belong to no team now. What you earned for it stays with it."),
}


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """An account page. A private one is for those who are signed in, another one for those who are not."""

    path: str
    template: str
    make: Callable[[Reading, Visit], Answer]
    is_private: bool = True
    is_for_operators: bool = False
    is_by_link: bool = False  # for whoever came by a link from a mail, which proves all that its form needs
    json: str | None = None  # the address of the same answer for programs


@dataclass(frozen=True, kw_only=True)
class AccountAction:
    act: Callable[[Visit], Outcome]
    page: str


def account_page(reading: Reading, visit: Visit) -> Answer:
    """Everything that a volunteer may know about their own account, but no key."""
    volunteer, account = visit.themselves
    hosts = host_store.list_volunteer_hosts(reading.db, volunteer.id)
    preferred = accounts.find_preferences(reading.db, volunteer.id)
    team = teams.find_team(reading.db, volunteer.team_id) if volunteer.team_id is not None else None
    numbers = [host.id for host in hosts]
    balances = ledger.find_balances(reading.db, ledger.HOST, numbers)
    return {
        "account": {
            "number": volunteer.id,
            "name": volunteer.name,
            "email": account.email,
            "since": volunteer.created_at.isoformat(),
            "country": volunteer.country,
            "website": volunteer.website,
            "shows_hosts": account.shows_hosts,
            "is_exported": account.is_exported,
            "cross_project_id": account_keys.external_cpid(account.cross_id, account.address),
            "team": {"number": team.id, "name": team.name} if team else None,
            "venue": preferred.venue,
            "preferences": asdict(preferred.project.general),
            "preferences_by_venue": {venue: asdict(own) for venue, own in preferred.project.by_venue.items()},
            **describe_balance(ledger.find_balance(reading.db, ledger.VOLUNTEER, volunteer.id), reading.now),
            "tiles": list_tiles_by_hosts(reading, numbers),
            "made": find_newest_made(reading, volunteer.id),
            **describe_contribution(reading, volunteer, numbers, reading.support.of_hosts(reading.db, numbers)),
            "mail": {"is_sent": visit.services.sends_mail, **mail_of(reading.db, volunteer.id)},
            "ideas": ideas.list_ideas_of_volunteer(reading, volunteer.id),
            "hosts": [_host(host) | describe_balance(balances.get(host.id), reading.now) for host in hosts],
        }
    }


def _host(host: Host) -> Answer:
    return {
        "number": host.id,
        "name": host.name,
        "platform": str(host.platform),
        "cores": host.capacity.cores,
        "memory_mb": host.capacity.memory_mb,
        "venue": host.venue,
        "seen_at": host.seen_at.isoformat(),
        "why_no_work": host.why_no_work,
    }


def _preferences(reading: Reading, visit: Visit) -> Answer:
    """The account, with the volunteer's hosts as a form offers them, newest first."""
    made = account_page(reading, visit)
    hosts = made["account"]["hosts"]
    labels = [
        f"host {host['number']}, {host['name']}" + (f" ({host['venue']})" * bool(host["venue"])) for host in hosts
    ]
    return made | {"places": [(str(host["number"]), words) for host, words in zip(hosts, labels, strict=True)]}


def _entrance(_reading: Reading, visit: Visit) -> Answer:
    return {"is_open": visit.services.accounts.new_accounts > 0, "sends_mail": visit.services.sends_mail}


def _security(reading: Reading, visit: Visit) -> Answer:
    return account_page(reading, visit) | {"keys": None}


PAGES = {
    page.path: page
    for page in (
        AccountPage(path="/account", template="account.html", make=account_page, json="/account.json"),
        AccountPage(path="/account/profile", template="account_profile.html", make=account_page),
        AccountPage(path="/account/preferences", template="account_preferences.html", make=_preferences),
        AccountPage(path="/account/team", template="account_team.html", make=account_team_page),
        AccountPage(path="/account/ideas", template="account_ideas.html", make=account_page),
        AccountPage(path="/ideas", template="ideas.html", make=account_ideas_page, json="/ideas.json"),
        AccountPage(path="/account/security", template="account_security.html", make=_security),
        AccountPage(path="/account/register", template="register.html", make=_entrance, is_private=False),
        AccountPage(path="/account/sign-in", template="sign_in.html", make=_entrance, is_private=False),
        AccountPage(path="/account/forgot", template="forgot.html", make=forgotten_password_page, is_private=False),
        *(
            AccountPage(path=path, template="by_link.html", make=mail_link_page, is_private=False, is_by_link=True)
            for path in LINK_ACTS
        ),
    )
}
ACTS = {
    "/account/register": AccountAction(act=register_account, page="/account/register"),
    "/account/sign-in": AccountAction(act=sign_in, page="/account/sign-in"),
    "/account/sign-out": AccountAction(act=sign_out, page="/account"),
    "/account/profile": AccountAction(act=submit_profile, page="/account/profile"),
    "/account/preferences": AccountAction(act=submit_preferences, page="/account/preferences"),
    **{
        f"/account/preferences/{venue}": AccountAction(act=submit_preferences, page="/account/preferences")
        for venue in VENUES
        if venue
    },
    "/account/preferences/separate": AccountAction(
        act=make_account_action(SeparatePreferences, "/account/preferences?done=preferences"),
        page="/account/preferences",
    ),
    "/account/place": AccountAction(
        act=make_account_action(PlaceHost, "/account/preferences?done=place"), page="/account/preferences"
    ),
    "/account/password": AccountAction(act=submit_new_password, page="/account/security"),
    "/account/email": AccountAction(act=submit_new_email, page="/account/security"),
    "/account/erase": AccountAction(act=submit_erasure, page="/account/security"),
    "/account/keys": AccountAction(act=show_keys, page="/account/security"),
    "/account/new-key": AccountAction(act=new_key, page="/account/security"),
} | {path: AccountAction(act=act, page="/account/team") for path, act in TEAM_ACTS.items()}
ACTS |= {path: AccountAction(act=act, page=page) for path, (act, page) in (IDEA_ACTS | MAIL_ACTS).items()}
ACTS |= {path: AccountAction(act=act, page=path) for path, act in LINK_ACTS.items()}

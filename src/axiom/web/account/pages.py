"""What each account page shows, and what becomes of each of its forms."""

import contextlib
from collections.abc import Callable
from dataclasses import asdict, dataclass

from axiom.boinc import account_keys
from axiom.boinc.accounts import AccountError, LookupAccount, Problem
from axiom.domain.fleet import MOST_SHARE, VENUES, Host
from axiom.errors import LimitReached, Refused, WrongUse
from axiom.laboratory.accounts.commands.accounts import (
    CHANGED,
    ChangeEmail,
    ChangePassword,
    ChangePreferences,
    ChangeProfile,
    EraseAccount,
    OpenAccount,
    PlaceHost,
    ReplaceAccountKey,
    SeparatePreferences,
    SignOut,
    check_account_name,
    check_country,
    check_email,
    check_website,
)
from axiom.laboratory.accounts.passwords import refuse_weak
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
from axiom.web.account.forms import Form, digest_secret
from axiom.web.account.ideas import IDEA_ACTS, account_ideas_page
from axiom.web.account.mail import LINK_ACTS, MAIL_ACTS, forgotten_password_page, mail_link_page, mail_of
from axiom.web.account.team import TEAM_ACTS, account_team_page
from axiom.web.account.visit import Outcome, Redirect, Redisplay, Visit, make_account_action

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
            "mail": {"is_sent": visit.reception.sends_mail, **mail_of(reading.db, volunteer.id)},
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
    return {"is_open": visit.reception.accounts.new_accounts > 0, "sends_mail": visit.reception.sends_mail}


def register_account(visit: Visit) -> Outcome:
    """Open an account; whoever has it already, and knows its password, is signed in."""
    form = visit.form
    name, email = form.check("name", check_account_name), form.check("email", check_email)
    if form.wrong:
        return Redisplay(form=form)
    keeper, password = visit.reception.accounts, form.text("password")
    lookup = LookupAccount(email=email, passwd_hash=account_keys.passwd_hash(password, email), password=password)
    holder, begun = keeper.attempt(lookup, visit.peer)
    if not isinstance(holder, Problem):
        return visit.sign_in(holder.volunteer.id, holder.account.password_serial, "/account?done=known")
    if holder.error is not AccountError.BAD_PASSWORD:
        form.wrong["email"] = holder.text
        return Redisplay(form=form)
    form.check("password", lambda text: _good_password(visit, text, name, email))  # counted by now, since it is slow
    if form.wrong:
        return Redisplay(form=form)
    _refuse_more(visit)
    made = visit.submit(OpenAccount(called=name, email=email, password=password))
    keeper.guesses.right(email, visit.peer, begun)  # and it is not slowed down by what others try
    done = "opened_numbered" if made["is_numbered"] else "opened"
    return visit.sign_in(made["volunteer"], made["serial"], f"/account?done={done}")


def _refuse_more(visit: Visit) -> None:
    """Refuse where no accounts are opened, or too many were asked for from here, whoever has this address."""
    keeper = visit.reception.accounts
    if not keeper.new_accounts:
        raise Refused(mark("This laboratory opens no new accounts at the moment. Nothing was stored."))
    verdict = keeper.guesses.open_one(visit.peer, keeper.new_accounts)
    if not verdict.may:
        raise LimitReached(f"Please try again in an hour: {verdict.reason}. Nothing was stored.")


def sign_in(visit: Visit) -> Outcome:
    form = visit.form
    email = form.text("email").strip().lower()
    holder = visit.whose(email, form.text("password"))
    if isinstance(holder, Problem):
        form.wrong["" if holder.error is not AccountError.BAD_PASSWORD else "password"] = holder.text
        return Redisplay(form=form)
    return visit.sign_in(holder.volunteer.id, holder.account.password_serial, "/account")


def sign_out(visit: Visit) -> Outcome:
    volunteer, account = visit.themselves
    visit.submit(SignOut(volunteer=volunteer.id, token=digest_secret(visit.session)))
    visit.reception.accounts.guesses.know(account.email or "", visit.peer)
    return Redirect(to="/account/sign-in", session="")


def submit_profile(visit: Visit) -> Outcome:
    """Store what others see. A name that stays is not judged: those of before, or of another server, may be longer."""
    form, (volunteer, _) = visit.form, visit.themselves
    checks = {"country": check_country, "website": check_website}
    words = form.words_of(
        ChangeProfile, {**checks, "called": lambda text: None if text == volunteer.name else check_account_name(text)}
    )
    if form.wrong:
        return Redisplay(form=form)
    done = visit.submit(ChangeProfile(volunteer=volunteer.id, **words))
    return Redirect(to=f"/account/profile?done=profile{'_numbered' * done['is_numbered']}")


def submit_preferences(visit: Visit) -> Outcome:
    """Store what the volunteer's computers should do."""
    if not (visit.form.ticked("on_cores") or visit.form.ticked("on_gpus")):
        visit.form.wrong["on_cores"] = mark("Choose at least one. To compute nothing, remove the project in BOINC.")
    return _change_preferences(visit)


def _good_share(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0.0 <= float(text) <= MOST_SHARE:
            return float(text)
    raise WrongUse(f"A number from 0 to {MOST_SHARE:,.0f}; 100 is usual.")


_change_preferences = make_account_action(
    ChangePreferences, "/account/preferences?done=preferences", resource_share=_good_share
)


def submit_new_password(visit: Visit) -> Outcome:
    """Change the password; this browser stays signed in."""
    form, (volunteer, account) = visit.form, visit.themselves
    form.check("new_password", lambda text: _good_password(visit, text, volunteer.name, account.email or ""))
    proven = visit.proven()
    if form.wrong:
        return Redisplay(form=form)
    done = visit.submit(ChangePassword(volunteer=volunteer.id, proven=proven, password=form.text("new_password")))
    return visit.sign_in(volunteer.id, done["serial"], "/account/security?done=password")


def submit_new_email(visit: Visit) -> Outcome:
    """Change the address; this browser stays signed in.

    An address that somebody has counts as a wrong password for it: it is asked for no faster than by signing in.
    """
    form, (volunteer, _), guesses = visit.form, visit.themselves, visit.reception.accounts.guesses
    wanted = form.check("email", check_email)
    proven = visit.proven()
    if form.wrong or proven is None:
        return Redisplay(form=form)
    verdict, begun = guesses.begin(wanted, visit.peer)
    if not verdict.may:
        raise LimitReached(f"Please try again in a few minutes: {verdict.reason}. Nothing was changed.")
    done = visit.submit(
        ChangeEmail(volunteer=volunteer.id, proven=proven, email=wanted, password=form.text("password"))
    )
    guesses.right(wanted, visit.peer, begun)
    return visit.sign_in(volunteer.id, done["serial"], "/account/security?done=email")


def show_keys(visit: Visit) -> Outcome:
    proven = visit.proven()
    return Redisplay(form=visit.form) if proven is None else _keys(visit, proven)


def new_key(visit: Visit) -> Outcome:
    volunteer, _ = visit.themselves
    proven = visit.proven()
    if proven is None:
        return Redisplay(form=visit.form)
    visit.submit(ReplaceAccountKey(volunteer=volunteer.id, proven=proven))
    return _keys(visit, proven)


def submit_erasure(visit: Visit) -> Outcome:
    """Erase the account of whoever knows the password and says that they are sure."""
    form, (volunteer, _) = visit.form, visit.themselves
    if not form.ticked("is_sure"):
        form.wrong["is_sure"] = mark("Nothing is erased until you tick this.")
    proven = visit.proven()
    if form.wrong:
        return Redisplay(form=form)
    visit.submit(EraseAccount(volunteer=volunteer.id, proven=proven))
    return Redirect(to="/account/sign-in?done=erased", session="")


def _keys(visit: Visit, proven: int) -> Outcome:
    """Both keys as they are now, if the password that was proven is still the one of now."""
    volunteer, _ = visit.themselves
    with visit.reception.reader() as db:
        owner = accounts.find_account(db, volunteer.id)
    if owner is None:
        raise LookupError(f"volunteer {volunteer.id} is gone")
    secret, account = visit.reception.accounts.secret, owner[1]
    if account.password_serial != proven:
        raise Refused(CHANGED)
    keys = {
        "account": account_keys.account_key(secret, volunteer.id, account.key_serial),
        "weak": account_keys.weak_key(secret, volunteer.id, account.password_serial),
    }
    return Redisplay(form=Form(), shown={"keys": keys}, status=200)


def _good_password(visit: Visit, text: str, name: str, email: str) -> str:
    refuse_weak(text, name, email, visit.reception.pages.name)
    return text


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

"""What becomes of each form of a volunteer's own account: what was typed is checked, then a command given."""

import contextlib

from axiom.boinc import account_keys
from axiom.boinc.accounts import AccountError, LookupAccount, Problem
from axiom.domain.fleet import MOST_SHARE
from axiom.errors import LimitReached, Refused, WrongUse
from axiom.laboratory.accounts.commands.accounts import (
    CHANGED,
    ChangeEmail,
    ChangePassword,
    ChangeProfile,
    EraseAccount,
    OpenAccount,
    ReplaceAccountKey,
    SignOut,
    check_account_name,
    check_country,
    check_email,
    check_website,
)
from axiom.laboratory.accounts.commands.preferences import ChangePreferences
from axiom.laboratory.accounts.passwords import refuse_weak
from axiom.locale.languages import mark
from axiom.store.accounts import accounts
from axiom.web.account.session_cookie import digest_secret
from axiom.web.account.typed_form import Form
from axiom.web.account.visit import Outcome, Redirect, Redisplay, Visit, make_account_action


def register_account(visit: Visit) -> Outcome:
    """Open an account; whoever has it already, and knows its password, is signed in."""
    form = visit.form
    name, email = form.check("name", check_account_name), form.check("email", check_email)
    if form.wrong:
        return Redisplay(form=form)
    keeper, password = visit.services.accounts, form.text("password")
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
    keeper = visit.services.accounts
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
    visit.services.accounts.guesses.know(account.email or "", visit.peer)
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
    form, (volunteer, _), guesses = visit.form, visit.themselves, visit.services.accounts.guesses
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
    with visit.services.reader() as db:
        owner = accounts.find_account(db, volunteer.id)
    if owner is None:
        raise LookupError(f"volunteer {volunteer.id} is gone")
    secret, account = visit.services.accounts.secret, owner[1]
    if account.password_serial != proven:
        raise Refused(CHANGED)
    keys = {
        "account": account_keys.account_key(secret, volunteer.id, account.key_serial),
        "weak": account_keys.weak_key(secret, volunteer.id, account.password_serial),
    }
    return Redisplay(form=Form(), shown={"keys": keys}, status=200)


def _good_password(visit: Visit, text: str, name: str, email: str) -> str:
    refuse_weak(text, name, email, visit.services.pages.name)
    return text

"""What mail does to an account: addresses confirmed, passwords forgotten, mail chosen and ended, by form or by link."""

from datetime import datetime, timedelta

from axiom.domain.fleet import Account, Volunteer
from axiom.errors import LimitReached, Refused
from axiom.laboratory.accounts.commands.accounts import ChangePassword, check_email
from axiom.laboratory.accounts.passwords import refuse_weak
from axiom.laboratory.mail.commands import AskForPassword, ChooseMail, ConfirmEmail, SendConfirmation
from axiom.limits import accounts as limits
from axiom.locale.languages import mark
from axiom.reads.base.request import Answer, Reading
from axiom.signed.mail_links import LinkPurpose, MailLink, is_valid, read_link
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database
from axiom.store.mail import outbox, subscriptions
from axiom.web.account.typed_form import Form
from axiom.web.account.visit import Outcome, Redirect, Redisplay, Visit, make_account_action

_WORTHLESS = mark(
    "This link is worth nothing any more: its time is over, it was used, or the address or the password was changed "
    "since. Nothing was changed."
)
_PURPOSES = {  # of the links that lead to each page
    "/account/confirm": (LinkPurpose.CONFIRM,),
    "/account/reset": (LinkPurpose.RESET,),
    "/account/unsubscribe": (LinkPurpose.DIGEST, LinkPurpose.SILENCE),
}


def mail_of(db: Database, volunteer_id: int) -> Answer:
    confirmed, chosen = (
        accounts.read_confirmation_time(db, volunteer_id),
        subscriptions.list_subscriptions(db, volunteer_id),
    )
    return {
        "address_confirmed_at": confirmed.isoformat() if confirmed else None,
        "digest": outbox.DIGEST in chosen,
        "silence": outbox.SILENCE in chosen,
        "messages": [
            {
                "kind": message.kind,
                "written_at": message.created_at.isoformat(),
                "sent_at": message.sent_at.isoformat() if message.sent_at else None,
            }
            for message in outbox.list_volunteer_messages(db, volunteer_id)
        ],
    }


def forgotten_password_page(_reading: Reading, visit: Visit) -> Answer:
    """Where a new password is asked for."""
    minutes = round(limits.PASSWORD_LINK_FOR / timedelta(minutes=1))
    return {"sends_mail": visit.services.sends_mail, "link_minutes": minutes, "is_done": False}


def mail_link_page(reading: Reading, visit: Visit) -> Answer:
    link = read_link(visit.link)
    is_fit = link is not None and link.purpose in _PURPOSES[reading.path]
    is_good = link is not None and is_fit and _holder(reading.db, visit, link, reading.now) is not None
    return {"link": visit.link, "purpose": link.purpose if link else "", "is_good": is_good, "is_done": False}


def request_new_password(visit: Visit) -> Outcome:
    """Ask for a new password. It counts as a wrong one for this address, and says the same whoever has an account."""
    form = visit.form
    email = form.check("email", check_email)
    if form.wrong:
        return Redisplay(form=form)
    if not visit.services.sends_mail:
        raise Refused(mark("This laboratory sends no mail. Nothing was changed."))
    verdict, _ = visit.services.accounts.guesses.begin(email, visit.peer)
    if not verdict.may:
        raise LimitReached(f"Please try again in a few minutes: {verdict.reason}. Nothing was changed.")
    visit.submit(AskForPassword(email=email))
    return Redisplay(form=Form(), shown={"is_done": True}, status=200)


def reset_password(visit: Visit) -> Outcome:
    """Store another password, for whoever has the link."""
    (volunteer, account), form = _proven(visit, "/account/reset"), visit.form

    def good(text: str) -> str:
        refuse_weak(text, volunteer.name, account.email or "", visit.services.pages.name)
        return text

    form.check("new_password", good)
    if form.wrong:
        return Redisplay(form=form)
    command = ChangePassword(volunteer=volunteer.id, proven=account.password_serial, password=form.text("new_password"))
    visit.give(command, volunteer.id)
    return Redirect(to="/account/sign-in?done=reset", session="")


def confirm_address(visit: Visit) -> Outcome:
    volunteer, account = _proven(visit, "/account/confirm")
    visit.give(ConfirmEmail(volunteer=volunteer.id, proven=account.password_serial), volunteer.id)
    return Redisplay(form=Form(), shown={"is_done": True}, status=200)


def unsubscribe_mail(visit: Visit) -> Outcome:
    """End mail of one kind, also where a mail program does it by itself."""
    link = read_link(visit.link)
    volunteer, _ = _proven(visit, "/account/unsubscribe")
    change = {"digest": False} if link and link.purpose is LinkPurpose.DIGEST else {"silence": False}
    visit.give(ChooseMail(volunteer=volunteer.id, **change), volunteer.id)
    return Redisplay(form=Form(), shown={"is_done": True}, status=200)


def _proven(visit: Visit, page: str) -> tuple[Volunteer, Account]:
    """Whose link it is, if it is still good for what this page does."""
    link = read_link(visit.link)
    if link is not None and link.purpose in _PURPOSES[page]:
        with visit.services.reader() as db:
            holder = _holder(db, visit, link, visit.services.pages.now())
        if holder is not None:
            return holder
    raise Refused(_WORTHLESS)


def _holder(db: Database, visit: Visit, link: MailLink, now: datetime) -> tuple[Volunteer, Account] | None:
    """Whose link this is; None where it is not ours, too old, or for what does not hold any more."""
    holder = accounts.find_account(db, link.volunteer_id)
    if holder is None or holder[1].email is None:
        return None
    if link.purpose is LinkPurpose.CONFIRM and accounts.read_confirmation_time(db, link.volunteer_id):
        return None
    bound = {LinkPurpose.CONFIRM: holder[1].email, LinkPurpose.RESET: str(holder[1].password_serial)}
    is_good = is_valid(visit.services.accounts.secret, link, bound.get(link.purpose, ""), now)
    return holder if is_good else None


# Of each form what it does and the page that it is on. Those of a link prove by the link who sends them.
MAIL_ACTS = {
    "/account/forgot": (request_new_password, "/account/forgot"),
    "/account/send-confirmation": (
        make_account_action(SendConfirmation, "/account/preferences?done=confirmation"),
        "/account/preferences",
    ),
    "/account/mail": (make_account_action(ChooseMail, "/account/preferences?done=mail"), "/account/preferences"),
}
LINK_ACTS = {
    "/account/confirm": confirm_address,
    "/account/reset": reset_password,
    "/account/unsubscribe": unsubscribe_mail,
}

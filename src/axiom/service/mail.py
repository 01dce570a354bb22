from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from axiom.errors import WrongUse
from axiom.limits import mail as limits
from axiom.server.mail.carriers import MailServer, WebAddress
from axiom.server.mail.due_alerts import Complaint, DueAlerts
from axiom.server.mail.due_volunteer_mail import DueMail
from axiom.server.mail.sending import Carrier, Outgoing
from axiom.server.upkeep.jobs import ALIVE, Job
from axiom.service.readiness import Readiness
from axiom.settings import Settings
from axiom.store.connections import ReaderPool
from axiom.store.engine.database import Database
from axiom.store.mail.outbox import MAIL, OutboxMessage
from axiom.store.upkeep import jobs as jobs_store
from axiom.web.mail.letters import Letters
from axiom.web.mail.posted_alerts import NTFY, WEBHOOK, write_posted_alert

PASSWORD = "AXIOM_MAIL_PASSWORD"  # noqa: S105  the name of a variable
_BACK = "back"  # the job under whose name the last start after an absence is remembered


def mail_server(settings: Settings, environment: Mapping[str, str]) -> MailServer | None:
    if not settings.mail_server:
        if settings.alert_mail:
            raise WrongUse(
                "The setting alert_mail needs a server that takes mail, and mail_server is empty. Nothing was started."
            )
        return None
    if not settings.mail_from:
        raise WrongUse(
            "The setting mail_from is empty: mail needs an address from which it comes, such as axiom@lab.example. "
            "Nothing was started."
        )
    password = environment.get(PASSWORD, "")
    if settings.mail_user and settings.mail_security == "none":
        raise WrongUse(
            "The setting mail_security is none, so everybody on the way could read the password of mail_user. Nothing "
            "was started; set starttls or tls, or leave mail_user empty."
        )
    if settings.mail_user and not password:
        raise WrongUse(
            f"The setting mail_user names {settings.mail_user}, and the variable {PASSWORD} is not set. Nothing was "
            "started; set it in the environment of the laboratory."
        )
    return MailServer(
        host=settings.mail_server,
        port=settings.mail_port,
        security=settings.mail_security,
        user=settings.mail_user,
        password=password,
        sender=settings.mail_from,
    )


def web_addresses(settings: Settings) -> dict[str, WebAddress]:
    chosen = {
        WEBHOOK: (settings.alert_webhook, "application/json"),
        NTFY: (settings.alert_ntfy, "text/plain; charset=utf-8"),
    }
    return {name: WebAddress(address=address, kind=kind) for name, (address, kind) in chosen.items() if address}


def make_letters(settings: Settings, secret: bytes, master: str) -> Letters:
    return Letters(
        name=settings.name,
        master=master,
        secret=secret,
        sender=settings.mail_from,
        alert_mail=settings.alert_mail,
    )


@dataclass(frozen=True, kw_only=True)
class Mailing:
    jobs: list[Job]
    alerts: DueAlerts | None


def make_mailing(
    settings: Settings,
    server: MailServer | None,
    words: Letters,
    readiness: Readiness,
    readers: ReaderPool,
    complaints: Callable[[], Iterable[Complaint]],
    heard_since: datetime,
) -> Mailing:
    """Everything that the settings ask for."""
    now = readiness.now
    carriers: dict[str, tuple[Carrier, Callable[[Database | None, OutboxMessage, datetime], object]]] = {}
    if server:
        carriers[MAIL] = (server, words.mail)
    for name, address in web_addresses(settings).items():
        carriers[name] = (address, _posted(name, words))
    outgoing = [
        Outgoing(name, carrier, compose, readiness.writer, readers, now)
        for name, (carrier, compose) in carriers.items()
    ]
    jobs = [Job(name=sender.channel, every=2.0, work=sender.send, remembered=False) for sender in outgoing]
    if server:
        due = DueMail(writer=readiness.writer, readers=readers, now=now, heard_since=heard_since)
        jobs.append(Job(name="due mail", every=3_600.0, work=due.tell, remembered=False))
    of_alerts = [sender for sender in outgoing if sender.channel != MAIL or settings.alert_mail]
    if not of_alerts:
        return Mailing(jobs=jobs, alerts=None)
    alerts = DueAlerts(readiness.writer, readers, now, of_alerts, lambda: [*complaints(), *_stuck(outgoing)])
    return Mailing(jobs=[*jobs, Job(name="alerts", every=60.0, work=alerts.check, remembered=False)], alerts=alerts)


def silence_counts_from(db: Database, now: datetime) -> datetime:
    """At a start: computers have time to come back after an absence, however often the laboratory starts meanwhile."""
    alive = jobs_store.find_last_job_start(db, ALIVE)
    if alive and now - alive > limits.AWAY_FOR:
        jobs_store.record_job_start(db, _BACK, 0.0, now)
    back = jobs_store.find_last_job_start(db, _BACK)
    return max(now, back + limits.BACK_WITHIN) if back else now


def _posted(channel: str, words: Letters) -> Callable[[Database | None, OutboxMessage, datetime], bytes]:
    """What is posted needs neither the records nor the time."""
    return lambda _db, row, _now: write_posted_alert(channel, row, laboratory=words.name, address=words.master)


def _stuck(outgoing: Iterable[Outgoing]) -> Iterator[Complaint]:
    for way in outgoing:
        if way.trouble:
            cure = "`axiom mail try` tries it at once"
            yield Complaint(kind=way.channel, says=f"nothing goes out to it: {way.trouble}", cure=cure)

"""`axiom mail`: does mail leave the laboratory, and do its alerts arrive?"""

import os
from collections.abc import Iterator
from typing import Any

import click

from axiom.cli.groups import Group
from axiom.cli.output import data_option, json_option, show_json, show_table
from axiom.errors import Refused, WrongUse
from axiom.server.mail.carriers import DeliveryFailed
from axiom.server.mail.sending import Carrier
from axiom.service.mail import mail_server, make_letters, web_addresses
from axiom.service.open_laboratory import demand_laboratory
from axiom.service.volunteer_project import project_address
from axiom.settings import Settings, read_process_settings
from axiom.store.engine.folder import Folder, read_lock_holder
from axiom.store.mail.outbox import ALERT, MAIL, OutboxMessage
from axiom.web.mail.email_format import MailEnvelope, compose_email
from axiom.web.mail.letters import Letters
from axiom.web.mail.posted_alerts import write_posted_alert
from axiom_weigh.terminal import wall_clock

_TRIAL = {"alert": "test", "word": "began", "says": "the operator tries whether alerts arrive", "cure": ""}


@click.group(cls=Group)
def mail() -> None:
    """Mail and alerts: do they arrive?"""


@mail.command("try")
@click.argument("address", default="")
@data_option
@json_option
def try_mail(address: str, folder: Folder, as_json: bool) -> None:
    """Send a test mail to ADDRESS now, or without one a test alert to wherever alerts go. Nothing is stored.

    Exits 1 when one of them was not taken.
    """
    demand_laboratory(folder)
    settings, _ = read_process_settings(folder.settings)
    listening = (read_lock_holder(folder) or {}).get("url", f"http://{settings.host}:{settings.port}/")
    words = make_letters(settings, b"", project_address(settings, str(listening)))
    tried = [_tried(name, carrier, letter) for name, carrier, letter in _trials(settings, words, address)]
    if as_json:
        show_json({"mail": tried})
    else:
        show_table(("to", "taken", "why"), [(trial["to"], trial["taken"], trial["why"]) for trial in tried], none="")
    raise click.exceptions.Exit(0 if all(trial["taken"] for trial in tried) else 1)


def _trials(settings: Settings, words: Letters, address: str) -> Iterator[tuple[str, Carrier, Any]]:
    """Each way with what goes out on it."""
    now, server = wall_clock(), mail_server(settings, os.environ)
    if address:
        if server is None:
            raise Refused("The setting mail_server is empty, so no mail can be sent. docs/howto/send-mail.md says how.")
        if not all(address.rpartition("@")):
            raise WrongUse(f"{address!r} is no e-mail address: it has a name, an @ and a domain. Nothing was sent.")
        envelope = MailEnvelope(sender=settings.mail_from, to=address, number=0, written_at=now)
        yield address, server, compose_email(words.trial(), envelope)
        return
    alert = OutboxMessage(id=0, channel=MAIL, kind=ALERT, volunteer_id=None, facts=_TRIAL, created_at=now, sent_at=None)
    if server and settings.alert_mail:
        yield settings.alert_mail, server, words.operator_mail(alert)
    for name, carrier in web_addresses(settings).items():
        yield name, carrier, write_posted_alert(name, alert, laboratory=words.name, address=words.master)
    if not (settings.alert_mail or settings.alert_webhook or settings.alert_ntfy):
        raise Refused(
            "Alerts go nowhere: the settings alert_mail, alert_webhook and alert_ntfy are empty. Nothing was sent; set "
            "one of them, or name an ADDRESS for a test mail. docs/howto/send-mail.md says more."
        )


def _tried(name: str, carrier: Carrier, letter: Any) -> dict[str, Any]:
    try:
        with carrier.open() as deliver:
            deliver(letter)
    except DeliveryFailed as error:
        return {
            "to": name,
            "taken": False,
            "why": f"{error}: {error.server_words}" if error.server_words else str(error),
        }
    return {"to": name, "taken": True, "why": ""}

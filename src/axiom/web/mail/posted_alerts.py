"""What an alert says that is posted to a webhook or to an ntfy server, and the sentence that every alert has."""

import json

from axiom.store.mail.outbox import OutboxMessage
from axiom.web.mail.email_format import one_line

WEBHOOK, NTFY = "webhook", "ntfy"


def write_posted_alert(channel: str, row: OutboxMessage, *, laboratory: str, address: str) -> bytes:
    """For a webhook facts as JSON, of which most chat services show the word `text`; for ntfy plain text."""
    facts, text = row.facts, f"{laboratory}: {summarize_alert(row)}"
    if channel == NTFY:
        cure = f"\nWhat helps: {facts['cure']}" if facts["cure"] else ""
        return f"{text}{cure}".encode()
    alert = {
        "id": f"{row.id}.{round(row.created_at.timestamp() * 1e6)}",
        "laboratory": laboratory,
        "address": address,
        "at": row.created_at.isoformat(),
        "alert": facts["alert"],
        "state": facts["word"],
        "says": facts["says"],
        "cure": facts["cure"],
        "text": text,
    }
    return json.dumps(alert).encode()


def summarize_alert(row: OutboxMessage) -> str:
    facts = row.facts
    sentence = one_line(facts["says"])
    return f"{facts['alert']}: over ({sentence})" if facts["word"] == "over" else f"{facts['alert']}: {sentence}"

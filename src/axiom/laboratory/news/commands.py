"""Commands about news: say something to everybody who computes or reads here, and take it back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.errors import NotFound, Refused
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import NUMBER, parse_moment
from axiom.limits import news as limits
from axiom.store import news
from axiom.store.engine.database import Database
from axiom.store.hosts import notices

_NOTHING = "Nothing was said."


@dataclass(frozen=True, kw_only=True)
class AddNews(Command, name="news.add", capability=Capability.RUN):
    """Say something to everybody: on the front page, in the news, and in the feeds that clients and readers follow."""

    line: str = field(metadata={"min_length": 3, "max_length": 200, "pattern": r"[^\r\n]*"})
    text: str = field(
        default="",
        metadata={
            "max_length": 4_000,
            "help": "What there is to say beyond the line; an empty line begins a paragraph.",
        },
    )
    until: str = field(
        default="",
        metadata={
            "max_length": 40,
            "metavar": "MOMENT",
            "help": "How long it stands on the front page; without it, for a week.",
        },
    )
    to_hosts: bool = field(
        default=False, metadata={"help": "Also as a notice on every computer that was here in 60 days."}
    )

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        until = parse_moment(self.until, now + limits.STANDS_FOR, _NOTHING)
        if not now < until <= now + limits.LONGEST_STANDS_FOR:
            raise Refused(
                f"News stand on the front page from now on for a year at most, and {until:%Y-%m-%d %H:%M} UTC is "
                f"{'over' if until <= now else 'later'}. {_NOTHING}"
            )
        number = news.add_news(db, line=self.line, text=self.text, until=until, now=now)
        hosts = 0
        if self.to_hosts:
            hosts = notices.add_notice_for_all(db, f"news {number}", self.line, now)
        return {"news": number, "until": until.isoformat(), "hosts_told": hosts}


@dataclass(frozen=True, kw_only=True)
class WithdrawNews(Command, name="news.withdraw", capability=Capability.RUN):
    """Show it no more. What clients and feed readers have fetched stays with them; the audit keeps the words."""

    number: int = field(metadata=NUMBER)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Withdraw it, and the notices that nobody was told yet."""
        entry = news.find_news(db, self.number)
        if entry is None:
            raise NotFound(f"There is no news {self.number}. Nothing was changed; `axiom news list` shows all.")
        if not news.withdraw_news(db, self.number, now):
            raise Refused(f"News {self.number} was withdrawn already. Nothing was changed.")
        return {"news": self.number, "line": entry.line, "untold": notices.withdraw_notices(db, f"news {self.number}")}

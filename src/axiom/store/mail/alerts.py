from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine.database import Database, as_value, to_microseconds

_KEEP = """
INSERT INTO alert (kind, says, told_at, is_over) VALUES (:kind, :says, :told_at, :is_over)
ON CONFLICT (kind) DO UPDATE SET says = excluded.says, told_at = excluded.told_at, is_over = excluded.is_over
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class LatestAlert:
    kind: str
    says: str
    told_at: datetime  # that it is there
    is_over: bool


def list_latest_alerts(db: Database) -> list[LatestAlert]:
    return [as_value(LatestAlert, row) for row in db.select("SELECT * FROM alert ORDER BY kind")]


def store_alert(db: Database, alert: LatestAlert) -> None:
    db.execute(
        _KEEP, kind=alert.kind, says=alert.says, told_at=to_microseconds(alert.told_at), is_over=int(alert.is_over)
    )

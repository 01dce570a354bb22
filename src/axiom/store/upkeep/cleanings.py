"""What the janitor deleted each time that it cleaned, kept so that sessions can tell of it."""

from dataclasses import asdict
from datetime import datetime

from axiom.domain.rounds import Window
from axiom.domain.value import value_class
from axiom.store.engine.database import Database, to_microseconds

_IN = """
SELECT count(*) AS times, coalesce(sum(files), 0) AS files, coalesce(sum(uploads), 0) AS uploads,
    coalesce(sum(blobs), 0) AS blobs, coalesce(sum(sign_ins), 0) AS sign_ins, coalesce(sum(caches), 0) AS caches
FROM cleaning WHERE cleaned_at >= :since AND cleaned_at < :until
"""


@value_class
class CleaningCounts:
    files: int  # that no row spoke of
    uploads: int  # that nobody reported
    blobs: int  # that nothing named any more
    sign_ins: int
    caches: int  # of what this computer compiled for bundles that it has not computed for long

    @property
    def is_any(self) -> bool:
        return any((self.files, self.uploads, self.blobs, self.sign_ins, self.caches))


def record_cleaning(db: Database, swept: CleaningCounts, now: datetime) -> None:
    db.add("cleaning", **asdict(swept), cleaned_at=now)


def sum_cleanings(db: Database, window: Window) -> tuple[int, CleaningCounts]:
    facts = db.select(_IN, since=to_microseconds(window.since), until=to_microseconds(window.until))[0]
    return facts["times"], CleaningCounts(
        **{name: facts[name] for name in ("files", "uploads", "blobs", "sign_ins", "caches")}
    )

"""A step of sessions: what the janitor deleted since the session before; said when that was nothing, too.

The janitor works by itself, once a day. A session tells of it and deletes nothing: it may be undone, and files that
are gone are not.
"""

from dataclasses import asdict

from axiom.domain.sessions import Note
from axiom.lab.step import Round
from axiom.store.upkeep import cleanings


def sweepings(held: Round) -> list[Note]:
    """What was deleted in the time of which this session tells."""
    times, swept = cleanings.within(held.db, held.window)
    if not times:
        text = "The janitor has not cleaned since the session before."
        return [Note(kind="sweep.none", text=text, about="/status")]
    if not swept.is_any:
        text = "Cleanings since the session before: {times}. Nothing lay about that nothing refers to."
        return [Note(kind="sweep.nothing", text=text, facts={"times": times}, about="/status")]
    text = (
        "Cleanings since the session before: {times}. Deleted: files without a row {files}, uploads that nobody "
        "reported {uploads}, stored files that nothing names {blobs}, sign-ins that ran out {sign_ins}, compiled "
        "programs unused for long {caches}."
    )
    return [Note(kind="sweep.deleted", text=text, facts={"times": times} | asdict(swept), about="/status")]

"""What has happened since the last session, and no session has told yet."""

from axiom.domain.proposals import AUTOPILOT
from axiom.domain.rounds import URGENT_NOTES, Note, UntoldCounts
from axiom.store.engine.database import Database, quote_words, to_microseconds
from axiom.store.rounds import rounds
from axiom_weigh.values import Grade, Verdict

_ARE_URGENT = f"kind IN {quote_words(URGENT_NOTES)} AND session_id > :after"
_FAILURES = f"SELECT count(*) AS amount FROM note WHERE {_ARE_URGENT}"
_FAILED = f"SELECT * FROM note WHERE {_ARE_URGENT} ORDER BY id"
_IDEAS = "SELECT count(*) AS amount FROM idea WHERE state = 'open' AND created_at > :since AND said_by <> :autopilot"
_PROPOSALS = """
SELECT coalesce(json_extract(body, '$.author'), :autopilot) = :autopilot AS follows, count(*) AS amount FROM proposal
WHERE state = 'open' AND created_at > :since GROUP BY 1
"""
# The newest line of each finding that was weighed since, beside the last line from before.
_CHANGED = """
SELECT n.finding_number AS number FROM (
    SELECT finding_number, min(line) AS first, max(line) AS last FROM evidence WHERE session_id > :after
    GROUP BY finding_number) AS s
JOIN evidence n ON n.finding_number = s.finding_number AND n.line = s.last
LEFT JOIN evidence o ON o.finding_number = s.finding_number AND o.line = s.first - 1
WHERE n.verdict <> coalesce(o.verdict, :undecided) OR n.grade <> coalesce(o.grade, :awaiting)
ORDER BY n.finding_number
"""


def count_untold_events(db: Database) -> UntoldCounts:
    last = rounds.list_newest_sessions(db, 1)
    if not last or last[0].ended_at is None:
        return UntoldCounts()
    after, since = last[0].id, last[0].ended_at
    (failures,) = db.select(_FAILURES, after=after)
    (ideas,) = db.select(_IDEAS, since=to_microseconds(since), autopilot=AUTOPILOT)
    proposals = {
        bool(row["follows"]): int(row["amount"])
        for row in db.select(_PROPOSALS, since=to_microseconds(since), autopilot=AUTOPILOT)
    }
    (published,) = db.select(
        "SELECT count(*) AS amount FROM experiment WHERE created_at > :since", since=to_microseconds(since)
    )
    return UntoldCounts(
        failures=failures["amount"],
        unanswered=ideas["amount"] + proposals.get(False, 0),
        changed=len(list_changed_findings(db, after)),
        proposed=proposals.get(True, 0),
        published=published["amount"],
    )


def list_changed_findings(db: Database, after: int) -> list[int]:
    return db.column(int, _CHANGED, after=after, undecided=Verdict.UNDECIDED, awaiting=Grade.AWAITING)


def list_failure_notes(db: Database, after: int) -> list[Note]:
    """What rounds after this one have noted of what went wrong, and of watches that were met."""
    return [rounds.read_note(row) for row in db.select(_FAILED, after=after)]

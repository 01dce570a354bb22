"""What our sessions found, read from the laboratory's books by the functions that its pages use."""

from collections import Counter
from dataclasses import dataclass

from axiom.domain.rounds import Note, Round, Step
from axiom.store.credit import settlements, tariffs
from axiom.store.credit.settlements import Settlement
from axiom.store.rounds import rounds
from axiom.store.views import credit as credit_views
from old_sessions.laboratory import Laboratory
from old_sessions.logged_findings import Golden
from old_sessions.playing import Played
from old_sessions.reading import Impossible

_THOUSANDTHS = 1_000
_AWARDS = """
SELECT a.tier, a.volunteer_id, a.host_id, a.amount FROM award a
WHERE a.id > :after AND a.id <= :last AND a.tariff_id = :tariff ORDER BY a.id
"""
_ORDERED = """
SELECT count(*) AS workunits, count(DISTINCT target_host_id) AS hosts FROM workunit
WHERE created_at BETWEEN :since AND :until
"""


@dataclass(frozen=True, kw_only=True)
class SessionBooks:
    """One session's books, in whole credits."""

    session: Round
    settled: Settlement
    tiers: dict[str, tuple[int, int]]
    volunteers: tuple[int, ...]
    hosts: tuple[int, ...]
    notes: tuple[tuple[Step, Note], ...]

    @property
    def credit(self) -> int:
        """What was awarded by the tariff of this log."""
        return sum(amount for _, amount in self.tiers.values())

    @property
    def awards(self) -> int:
        """For how many tasks."""
        return sum(awards for awards, _ in self.tiers.values())


def books_of(lab: Laboratory, played: Played, chapter: str) -> SessionBooks:
    """What the session of a chapter has in the books. What the batch job paid by an older tariff is not its doing."""
    session, settled = session_of(lab, played, chapter), settled_of(lab, played, chapter)
    (tariff,) = (period for period in tariffs.list_begun_tariffs(lab.db, lab.now) if period.tariff.name == chapter)
    rows = lab.db.select(_AWARDS, after=settled.after_award, last=settled.last_award, tariff=tariff.id)
    tiers, volunteers, hosts = Counter[str](), Counter[int](), Counter[int]()
    for row in rows:
        tiers[row["tier"]] += row["amount"]
        volunteers[row["volunteer_id"]] += row["amount"]
        hosts[row["host_id"]] += row["amount"]
    counts = Counter(row["tier"] for row in rows)
    return SessionBooks(
        session=session,
        settled=settled,
        tiers={tier: (counts[tier], amount // _THOUSANDTHS) for tier, amount in tiers.items()},
        volunteers=_ranked(volunteers),
        hosts=_ranked(hosts),
        notes=tuple(rounds.list_round_notes(lab.db, session.id)),
    )


def session_of(lab: Laboratory, played: Played, chapter: str) -> Round:
    """The session of a chapter."""
    session = rounds.find_round_by_name(lab.db, played.sessions[chapter])
    if session is None:
        raise Impossible(f"{chapter} has no session")
    return session


def settled_of(lab: Laboratory, played: Played, chapter: str) -> Settlement:
    """What the session of a chapter settled."""
    settled = settlements.find_settlement(lab.db, session_of(lab, played, chapter).id)
    if settled is None:
        raise Impossible(f"{chapter} settled nothing")
    return settled


def ordered(lab: Laboratory, played: Played, chapter: str) -> tuple[int, int]:
    """How many workunits a chapter deployed, and for how many hosts."""
    at = played.deployed_at[chapter]
    row = lab.db.row(_ORDERED, since=at, until=at)
    return (int(row["workunits"]), int(row["hosts"])) if row else (0, 0)


def differences(lab: Laboratory, played: Played, chapter: str, golden: Golden) -> list[str]:
    """Where our session says something else than the log; nothing where it says the same."""
    mine = books_of(lab, played, chapter)
    workunits, hosts = ordered(lab, played, chapter)
    compared = {
        "credit": (mine.credit, golden.credit),
        "awards": (mine.awards, golden.awards),
        "tiers": (mine.tiers, dict(golden.tiers) or mine.tiers),
        "volunteers": (mine.volunteers, golden.volunteers),
        "hosts": (mine.hosts[: len(golden.hosts)], golden.hosts),
        "cap": (mine.settled.session_cap, golden.cap and golden.cap * _THOUSANDTHS),
        "deployed": (workunits, golden.deployed),
        "hosts that it was deployed to": (hosts, golden.deployed_to),
    }
    return [
        f"{chapter}: {what} {ours}, and the log has {theirs}"
        for what, (ours, theirs) in compared.items()
        if ours != theirs
    ]


def totals(lab: Laboratory, settled: Settlement) -> credit_views.CreditTotals:
    """The ledger's own totals of a settlement."""
    return credit_views.sum_awards_between(lab.db, settled.after_award, settled.last_award)


def _ranked(amounts: Counter[int]) -> tuple[int, ...]:
    return tuple(sorted((amount // _THOUSANDTHS for amount in amounts.values()), reverse=True))

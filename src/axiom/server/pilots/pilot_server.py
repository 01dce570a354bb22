"""What a pilot may say, and what it is answered. All of it is done in the writer's thread, in one transaction each.

A pilot is believed as little as a volunteer's client: its cluster is a volunteer, so its tasks are checked like theirs,
and whatever it brings is proven like theirs. Its key gets work and brings it back, and opens nothing else.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from axiom.decisions.planning.task_size import pilot_seconds
from axiom.domain.clusters import Cluster
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.value import value
from axiom.domain.work import Report
from axiom.errors import HeldByAnother, NotAllowed
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.orders import Dispatch, allowance_of
from axiom.server.dispatch.work_request import WorkRequest
from axiom.server.returns.reporting import take
from axiom.server.returns.take_back import give_back, unwanted
from axiom.signed.tickets import Order
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.hosts import clusters
from axiom.store.hosts.clusters import SpeakingPilot
from axiom.store.tasks import waiting

MOST_AT_ONCE = 256  # tasks in one request
_PER_CORE = 2  # in hand: one that is computed, and one ahead
_BEATS = 20  # words within a lease, of a pilot that has nothing else to say
_LONGEST_BEAT = 30.0  # seconds
_COUNTED = timedelta(seconds=10)  # for which the cores of all pilots are remembered


@value
class PilotHello:
    """How a pilot introduces itself. The sessions are digests of secrets: its own, and those of pilots before it."""

    name: str
    platform: Platform
    capacity: Capacity
    session: str
    before: frozenset[str]


@value
class PilotName:
    """Who a pilot is from now on, and how often it has to speak."""

    host: int
    name: str
    beat_seconds: float


@value
class PilotTasks:
    """Tasks that a pilot should give up, at once or unless they have begun, and those that are out to it."""

    at_once: frozenset[int]
    if_not_begun: frozenset[int]
    held: frozenset[int]


@dataclass(kw_only=True)
class PilotDesk:
    """Answers pilots that have a key. Each method takes the digest of a key and raises NotAllowed for a bad one."""

    folder: Folder
    dispatch: Dispatch
    known: DispatchCache
    lease: timedelta
    now: Callable[[], datetime]
    _cores: tuple[datetime, int] | None = field(default=None)

    def cluster(self, db: Database, key: str) -> Cluster:
        """Whose key it is."""
        found = clusters.by_key(db, key)
        if found is None:
            raise NotAllowed("Nobody here has this key. Nothing was done; `axiom cluster add` makes one.")
        if why := found.why_not(self.now()):
            raise NotAllowed(
                f"The key of {found.name} {why}. Nothing was done; `axiom cluster renew {found.name}` makes another."
            )
        return found

    def hello(self, db: Database, key: str, said: PilotHello) -> PilotName:
        """A pilot begins. Where another of its name is at work, it gets a name of its own."""
        cluster, now = self.cluster(db, key), self.now()
        name = clusters.free_name(
            db, cluster, said.name, sessions=said.before | {said.session}, silent_since=now - self.lease
        )
        host = clusters.meet(
            db, cluster, name=name, platform=said.platform, capacity=said.capacity, session=said.session, now=now
        )
        beat = min(_LONGEST_BEAT, self.lease.total_seconds() / _BEATS)
        return PilotName(host=host, name=name, beat_seconds=beat)

    def ask(
        self, db: Database, key: str, host_id: int, session: str, *, holding: Collection[int], wanted: int
    ) -> Sequence[Order]:
        """Orders: first again what this pilot lost, then new ones, up to `wanted`."""
        host, now = self._speaker(db, key, host_id, session).host, self.now()
        asked = WorkRequest(
            seconds=0.0,
            instances=wanted,
            most=min(wanted, MOST_AT_ONCE),
            holding=frozenset(holding),
            jointly=True,
        )
        allowance = replace(
            allowance_of(db, self.dispatch, host),
            tasks_per_core=_PER_CORE,
            lent_seconds=pilot_seconds(self._all_cores(db, now)),
        )
        handed = hand_out(db, self.dispatch, self.known, host, asked, now, allowance=allowance)
        return tuple(one.order for one in (*handed.lost, *handed.given))

    def report(
        self, db: Database, key: str, host_id: int, session: str, finished: Sequence[tuple[Report, bytes | None]]
    ) -> int:
        """Take finished tasks with their outputs, all in one commit; how many were of use."""
        self._speaker(db, key, host_id, session)
        now = self.now()
        digests = iter(blobs.bring(db, self.folder, [body for _, body in finished if body is not None], now))
        reports = [said if body is None else replace(said, output_digest=next(digests)) for said, body in finished]
        answers = take(db, self.folder, reports, now)
        refused = {answer.task_id for answer in answers if answer.state is None}
        for said in reports:
            if said.task_id in refused and said.output_digest is not None:
                blobs.let_go(db, said.output_digest)
        return len(answers) - len(refused)

    def look(self, db: Database, key: str, host_id: int, session: str, holding: Collection[int]) -> PilotTasks:
        """The pilot is there and has these tasks; how they stand."""
        self._speaker(db, key, host_id, session)
        at_once, if_not_begun = unwanted(db, host_id, holding)
        held = frozenset[int]().union(*(one.ids for one in waiting.held(db, host_id)))
        return PilotTasks(at_once=at_once, if_not_begun=if_not_begun, held=held)

    def give_back(
        self, db: Database, key: str, host_id: int, session: str, task_ids: Collection[int], *, is_over: bool
    ) -> int:
        """These tasks go to others, which is nobody's failure. `is_over`: the pilot says goodbye."""
        self._speaker(db, key, host_id, session)
        back = give_back(db, host_id, task_ids, "its pilot gave it back", self.now())
        if is_over:
            clusters.over(db, host_id, self.now())
        return back

    def _speaker(self, db: Database, key: str, host_id: int, session: str) -> SpeakingPilot:
        """Who speaks, of whom it is written down now and then that it did."""
        cluster, now = self.cluster(db, key), self.now()
        found = clusters.speaker(db, cluster, host_id)
        if found is None:
            raise NotAllowed(f"Host {host_id} is none of {cluster.name}'s. Nothing was done.")
        if found.session != session:
            raise HeldByAnother(f"Another pilot computes as {found.host.name} now. Nothing was done.")
        if found.is_over or now - found.heard_at > self.lease / _BEATS:
            clusters.heard(db, host_id, now)
        return found

    def _all_cores(self, db: Database, now: datetime) -> int:
        if self._cores is None or now - self._cores[0] > _COUNTED:
            self._cores = now, clusters.cores(db)
        return self._cores[1]

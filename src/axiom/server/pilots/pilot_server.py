"""What a pilot may say, and what it is answered. All of it is done in the writer's thread, in one transaction each.

A cluster's pilot is believed as little as a volunteer's client: its cluster is a volunteer, so its tasks are checked
like theirs, and whatever it brings is proven like theirs. Its key gets work and brings it back, and opens nothing else.
An engine of the laboratory's own, in its process or behind the operator's socket, says the same and needs no key.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from axiom.domain.clusters import Cluster
from axiom.domain.fleet import Capacity, Host, Platform
from axiom.domain.value import value_class
from axiom.domain.work import Report
from axiom.errors import HeldByAnother, NotAllowed, NotFound
from axiom.limits import clusters as limits
from axiom.rules.planning.task_size import pilot_seconds
from axiom.rules.tasks.tasks_per_host import OWN_HOSTS, Allowance
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.dispatch import grant_tasks
from axiom.server.dispatch.tasks_per_host import read_allowance
from axiom.server.dispatch.work_request import DispatchSettings, WorkRequest
from axiom.server.returns.reporting import take_reports
from axiom.server.returns.take_back import give_back, split_unwanted_tasks
from axiom.signed.tickets import Order
from axiom.signed.trust import Trust
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.hosts import clusters, hosts
from axiom.store.tasks import waiting_tasks

_BEATS = 20  # words within a lease, of a pilot that has nothing else to say
_COUNTED = timedelta(seconds=10)  # for which the cores of all pilots are remembered


@value_class
class PilotIdentity:
    """Who speaks: the digest of a cluster's key, or None for an engine of our own, and the digest of its secret."""

    key: str | None
    host_id: int
    session: str


@value_class
class PilotHello:
    """How a pilot introduces itself. The sessions are digests of secrets: its own, and those of pilots before it."""

    name: str
    platform: Platform
    capacity: Capacity
    session: str
    before: frozenset[str]


@value_class
class PilotName:
    host: int
    name: str
    beat_seconds: float


@value_class
class PilotTasks:
    at_once: frozenset[int]
    if_not_begun: frozenset[int]
    in_hand: frozenset[int]


@dataclass(kw_only=True)
class PilotServer:
    """Answers pilots that have a key, for which NotAllowed is raised where it is not good, and engines of our own."""

    folder: Folder
    trust: Trust
    dispatch: DispatchSettings
    cache: DispatchCache
    lease: timedelta
    now: Callable[[], datetime]
    _cores: tuple[datetime, int] | None = field(default=None)

    def demand_key(self, db: Database, key: str | None) -> None:
        if key is not None:
            self._cluster(db, key)

    def hello(self, db: Database, key: str | None, greeting: PilotHello) -> PilotName:
        """A pilot begins. Where another of its cluster has its name and is at work, it gets a name of its own."""
        now, name, platform, capacity = self.now(), greeting.name, greeting.platform, greeting.capacity
        if key is None:
            ourselves = self.dispatch.ourselves
            host = hosts.upsert_host(
                db, volunteer_id=ourselves, name=name, platform=platform, capacity=capacity, now=now
            )
        else:
            cluster = self._cluster(db, key)
            sessions = greeting.before | {greeting.session}
            name = clusters.find_free_pilot_name(db, cluster, name, sessions=sessions, silent_since=now - self.lease)
            host = clusters.upsert_pilot(
                db, cluster, name=name, platform=platform, capacity=capacity, session=greeting.session, now=now
            )
        beat = min(limits.WORD_EVERY_SECONDS, self.lease.total_seconds() / _BEATS)
        return PilotName(host=host, name=name, beat_seconds=beat)

    def ask(self, db: Database, pilot: PilotIdentity, *, holding: Collection[int], wanted: int) -> Sequence[Order]:
        host, now = self._host(db, pilot), self.now()
        request = WorkRequest(
            seconds=0.0,
            instances=wanted,
            most=min(wanted, limits.TASKS_IN_A_REQUEST),
            holding=frozenset(holding),
            jointly=True,
        )
        allowance = OWN_HOSTS if pilot.key is None else self._allowance(db, host, now)
        grant = grant_tasks(db, self.dispatch, self.cache, host, request, now, allowance=allowance)
        return tuple(task.order for task in (*grant.lost, *grant.granted))

    def report(self, db: Database, pilot: PilotIdentity, finished: Sequence[tuple[Report, bytes | None]]) -> int:
        self._host(db, pilot)
        now = self.now()
        digests = iter(
            blobs.store_output_blobs(db, self.folder, [body for _, body in finished if body is not None], now)
        )
        reports = [
            report if body is None else replace(report, output_digest=next(digests)) for report, body in finished
        ]
        answers = take_reports(db, self.folder, reports, now, trust=self.trust)
        refused = [report for report, answer in zip(reports, answers, strict=True) if answer.state is None]
        for report in refused:
            if report.output_digest is not None:
                blobs.release_output_blob(db, self.folder, report.output_digest, now)
        return len(answers) - len(refused)

    def tasks_of(self, db: Database, pilot: PilotIdentity, holding: Collection[int]) -> PilotTasks:
        self._host(db, pilot)
        at_once, if_not_begun = split_unwanted_tasks(db, pilot.host_id, holding)
        out = frozenset[int]().union(*(tasks.ids for tasks in waiting_tasks.list_held_tasks(db, pilot.host_id)))
        return PilotTasks(at_once=at_once, if_not_begun=if_not_begun, in_hand=out)

    def give_back(self, db: Database, pilot: PilotIdentity, task_ids: Collection[int], *, is_over: bool) -> int:
        """These tasks go to others, which is nobody's failure. `is_over`: the pilot says goodbye."""
        self._host(db, pilot)
        back = give_back(db, pilot.host_id, task_ids, "its engine gave it back", self.now())
        if is_over:
            clusters.mark_pilot_over(db, pilot.host_id, self.now())
        return back

    def seal(self, db: Database, digest: str) -> str:
        bundle = experiments.find_bundle(db, digest)
        if bundle is None:
            raise NotFound(f"There is no bundle {digest[:12]} here.")
        return bundle.seal

    def bundle(self, db: Database, digest: str) -> bytes:
        self.seal(db, digest)
        return blobs.read_blob(db, self.folder, digest)

    def _cluster(self, db: Database, key: str) -> Cluster:
        cluster = clusters.find_cluster_by_key(db, key)
        if cluster is None:
            raise NotAllowed("Nobody here has this key. Nothing was done; `axiom cluster add` makes one.")
        if why := cluster.why_not(self.now()):
            name = cluster.name
            raise NotAllowed(f"The key of {name} {why}. Nothing was done; `axiom cluster renew {name}` makes another.")
        return cluster

    def _host(self, db: Database, pilot: PilotIdentity) -> Host:
        now = self.now()
        if pilot.key is None:
            host = hosts.find_host(db, pilot.host_id)
            if host is None or host.volunteer_id != self.dispatch.ourselves:
                raise NotAllowed(f"Host {pilot.host_id} is none of this laboratory's own. Nothing was done.")
            hosts.touch_host(db, host.id, now, idle=True)
            return host
        cluster = self._cluster(db, pilot.key)
        speaker = clusters.find_pilot(db, cluster, pilot.host_id)
        if speaker is None:
            raise NotAllowed(f"Host {pilot.host_id} is none of {cluster.name}'s. Nothing was done.")
        if speaker.session != pilot.session:
            raise HeldByAnother(f"Another pilot computes as {speaker.host.name} now. Nothing was done.")
        if speaker.is_over or now - speaker.heard_at > self.lease / _BEATS:
            clusters.record_pilot_contact(db, pilot.host_id, now)
        return speaker.host

    def _allowance(self, db: Database, host: Host, now: datetime) -> Allowance:
        if self._cores is None or now - self._cores[0] > _COUNTED:
            self._cores = now, clusters.sum_pilot_cores(db)
        return replace(
            read_allowance(db, self.dispatch.volunteers, host),
            tasks_per_core=limits.IN_HAND_PER_CORE,
            lent_seconds=pilot_seconds(self._cores[1]),
        )

"""The three ways to work: in the same process, through the operator's socket, and over HTTP with a cluster's key."""

import secrets
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lane_client import ManualStop
from patience import PATIENCE
from starlette.applications import Starlette

from axiom.domain.fleet import Capacity
from axiom.engines.http_work_source import HttpWorkSource
from axiom.gate.client import UnixConnection
from axiom.runner.platform.host import platform_here
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.http.fast_lane import Lanes
from axiom.server.http.serving import ServedSocket, serve_sockets
from axiom.server.pilots.local_work_source import LocalWorkSource
from axiom.server.pilots.pilot_routes import PilotRoutes
from axiom.server.pilots.pilot_server import PilotServer
from axiom.service.sockets import listen_on_path
from axiom.signed.program_tokens import digest_token, new_cluster_key
from axiom.signed.tickets import Order
from axiom.store.accounts import accounts
from axiom.store.connections import ReaderPool
from axiom.store.hosts import clusters, hosts

LEASE = timedelta(minutes=10)


class WatchedSource:
    def __init__(self, source: Any) -> None:
        self.source = source
        self.given: list[int] = []

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]:
        orders = self.source.ask(holding, wanted)
        self.given.extend(order.task for order in orders)
        return orders

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


def today() -> datetime:
    return datetime.now(UTC)


@contextmanager
def served(*listeners: ServedSocket):
    stop = ManualStop()
    thread = threading.Thread(target=serve_sockets, args=(list(listeners), stop))
    thread.start()
    assert stop.serves.wait(PATIENCE)
    try:
        yield
    finally:
        stop.over.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def local(lab, writer, cores: int):
    host = writer.run(lambda db: meet_here(db, cores))
    yield LocalWorkSource(writer=writer, pilots=pilot_server(lab), host_id=host)


def pilot_server(lab, *, lease: timedelta = LEASE, now=today) -> PilotServer:
    return replace(lab.pilots(), cache=DispatchCache(), lease=lease, now=now)


@contextmanager
def lanes(server: PilotServer, writer, reported=lambda: None, *, is_private: bool = False):
    """The paths at which pilots are answered."""
    with ThreadPoolExecutor(1) as threads, closing(ReaderPool(server.folder)) as readers:
        routes = PilotRoutes(server, writer=writer, connections=readers, threads=threads, reported=reported)
        yield Lanes(routes.openers(is_private=is_private))


def socket_source(lab) -> HttpWorkSource:
    return HttpWorkSource("http://localhost", connect=lambda timeout: UnixConnection(lab.folder.socket, timeout))


@contextmanager
def through_socket(lab, writer, cores: int):
    with lanes(pilot_server(lab), writer, is_private=True) as made:
        listener = ServedSocket(app=Starlette(), socket=listen_on_path(lab.folder.socket), lanes=made)
        with served(listener), closing(socket_source(lab)) as source:
            say_hello(source, cores=cores)
            yield source


@contextmanager
def pilots(lab, writer, *, lease: timedelta = LEASE, now=today):
    """The address at which pilots are answered, and the key of a cluster."""
    key = new_cluster_key()
    until = now() + timedelta(days=1)
    writer.run(
        lambda db: clusters.add_cluster(db, name="alpha", key_digest=digest_token(key), expires_at=until, now=now())
    )
    with lanes(pilot_server(lab, lease=lease, now=now), writer) as made:
        listening = socket.create_server(("127.0.0.1", 0))
        with served(ServedSocket(app=Starlette(), socket=listening, lanes=made)):
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", key


@contextmanager
def on_wire(lab, writer, cores: int):
    with pilots(lab, writer) as (address, key), closing(HttpWorkSource(address, key)) as source:
        say_hello(source, cores=cores)
        yield source


def say_hello(
    source: HttpWorkSource, name: str = "node-1", *, cores: int = 1, session: str = "", before: Sequence[str] = ()
):
    session = session or secrets.token_hex(32)
    capacity = Capacity(cores=cores, memory_mb=4_000)
    source.hello(name, platform_here(), capacity, session=session, before=before)
    return session


def meet_here(db, cores: int) -> int:
    whose, capacity = accounts.find_laboratory_account(db, today()), Capacity(cores=cores, memory_mb=4_000)
    here = platform_here()
    return hosts.upsert_host(db, volunteer_id=whose, name="first", platform=here, capacity=capacity, now=today())


SOURCES = (local, through_socket, on_wire)

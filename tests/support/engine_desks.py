"""The three ways to a desk: in the same process, through the operator's socket, and over HTTP with a cluster's key."""

import secrets
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from lane_client import Told
from patience import PATIENCE
from starlette.applications import Starlette

from axiom.cli.laboratory.work import RemoteDesk
from axiom.domain.fleet import Capacity
from axiom.engines.http_work_source import HttpDesk
from axiom.runner.platform.host import platform_here
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.local_source import LocalDesk
from axiom.server.http.fast_lane import Lanes
from axiom.server.http.uvicorn_limits import ServedSocket, serve
from axiom.server.pilots.pilot_routes import PilotLanes
from axiom.server.pilots.pilot_server import PilotDesk
from axiom.service.attached_engines import SocketDesk
from axiom.service.sockets import on_path
from axiom.signed.program_tokens import digest, new_cluster_key
from axiom.signed.tickets import Order
from axiom.store.accounts import accounts
from axiom.store.connections import Readers
from axiom.store.hosts import clusters, hosts
from axiom.web.socket import desk_routes

LEASE = timedelta(minutes=10)


class WatchedDesk:
    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.given: list[int] = []

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]:
        orders = self.desk.ask(holding, wanted)
        self.given.extend(order.task for order in orders)
        return orders

    def __getattr__(self, name: str) -> Any:
        return getattr(self.desk, name)


def today() -> datetime:
    return datetime.now(UTC)


@contextmanager
def served(*listeners: ServedSocket):
    told = Told()
    thread = threading.Thread(target=serve, args=(list(listeners), told))
    thread.start()
    assert told.serves.wait(PATIENCE)
    try:
        yield
    finally:
        told.over.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def local(lab, writer, cores: int):
    host = writer.run(lambda db: meet_here(db, cores))
    yield LocalDesk(writer=writer, folder=lab.folder, dispatch=lab.dispatch, host_id=host, now=today)


@contextmanager
def through_socket(lab, writer, cores: int):
    counter = SocketDesk(
        writer=writer, folder=lab.folder, dispatch=lab.dispatch, now=today, reported=lambda: None, known=DispatchCache()
    )
    with served(ServedSocket(app=Starlette(routes=desk_routes(counter)), socket=on_path(lab.folder.socket))):
        yield RemoteDesk(lab.folder, "first", cores)


@contextmanager
def pilots(lab, writer, *, lease: timedelta = LEASE, now=today):
    """The address at which pilots are answered, and the key of a cluster."""
    key = new_cluster_key()
    until = now() + timedelta(days=1)
    writer.run(lambda db: clusters.add(db, name="alpha", key_digest=digest(key), expires_at=until, now=now()))
    desk = PilotDesk(folder=lab.folder, dispatch=lab.dispatch, known=DispatchCache(), lease=lease, now=now)
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(1))
        readers = stack.enter_context(closing(Readers(lab.folder)))
        lanes = PilotLanes(desk, writer=writer, connections=readers, threads=threads, reported=lambda: None)
        listening = socket.create_server(("127.0.0.1", 0))
        protocol = Lanes(lanes.openers()).protocol
        stack.enter_context(served(ServedSocket(app=Starlette(), socket=listening, protocol=protocol)))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", key


@contextmanager
def on_wire(lab, writer, cores: int):
    with pilots(lab, writer) as (address, key):
        desk = HttpDesk(address, key)
        say_hello(desk, cores=cores)
        with closing(desk):
            yield desk


def say_hello(desk: HttpDesk, name: str = "node-1", *, cores: int = 1, session: str = "", before: Sequence[str] = ()):
    session = session or secrets.token_hex(32)
    capacity = Capacity(cores=cores, memory_mb=4_000)
    desk.hello(name, platform_here(), capacity, session=session, before=before)
    return session


def meet_here(db, cores: int) -> int:
    whose, capacity = accounts.ourselves(db, today()), Capacity(cores=cores, memory_mb=4_000)
    here = platform_here()
    return hosts.meet(db, volunteer_id=whose, name="first", platform=here, capacity=capacity, now=today())


DESKS = (local, through_socket, on_wire)

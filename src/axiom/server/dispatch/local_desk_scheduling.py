"""Answers an engine of our own that asks for work."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from axiom.server.dispatch.cache import Known
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.orders import Dispatch
from axiom.server.dispatch.types import Asked
from axiom.signed.tickets import Order
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a host is told: its orders, and in one sentence why these and no more."""

    orders: tuple[Order, ...]
    reason: str


def ask(
    db: Database,
    dispatch: Dispatch,
    known: Known,
    *,
    host_id: int,
    holding: AbstractSet[int],
    wanted: int,
    now: datetime,
) -> Work:
    """Orders for a host of our own: first again what it lost, then new ones, up to `wanted`."""
    host = hosts.host(db, host_id)
    if host is None:
        return Work(orders=(), reason=f"host {host_id} is not known here")
    asked = Asked(seconds=0.0, instances=wanted, most=wanted, holding=frozenset(holding))
    handed = hand_out(db, dispatch, known, host, asked, now, allowance=dispatch.ours)
    orders = tuple(one.order for one in (*handed.lost, *handed.given))
    hosts.seen(db, host_id, now, idle=not orders)
    return Work(orders=orders, reason=handed.reason)

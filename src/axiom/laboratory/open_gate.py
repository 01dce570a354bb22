"""The gate with all that it asks of the laboratory."""

from collections.abc import Callable
from datetime import datetime

from axiom.gate.gate import CommandGate
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.proposals.open_orders import read_open_orders
from axiom.store.writer import Writer


def open_gate(writer: Writer, laboratory: Laboratory, now: Callable[[], datetime]) -> CommandGate:
    return CommandGate(writer=writer, laboratory=laboratory, now=now, open_orders=read_open_orders)

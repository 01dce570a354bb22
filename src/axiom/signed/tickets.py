"""The order of one task: which cells, which seeds, which code, which host, until when. Signed, and without a default.

The plain words beside a ticket (task, host, bundle, seeds) are for people and logs. They must equal it: an order that
says two things is obeyed in neither.
"""

import base64
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Self

from axiom.domain.experiments import NAME
from axiom.domain.value import value_class
from axiom.errors import EmptyTicket, ExpiredTicket, ForeignTicket, MalformedTicket, TicketTooLong, UnequalTicket
from axiom.signed import canonical_json
from axiom.signed.signing_key import SigningKey
from axiom.signed.trust import Role, Trust, Untrusted, seal_payload, unseal_payload

_KIND = "axiom-ticket-1"
TEXT_LIMIT = canonical_json.TICKET_LIMIT
_PLAIN_WORDS = 200  # characters at most of the plain words, without the seeds
_SIGNATURE = 611  # and of the one signature behind the order, with its path where several orders share it
_NOTHING = "Nothing was computed; the laboratory sends a fresh copy."
_HEX = r"[0-9a-f]{64}"


@value_class
class OrderedCell:
    replicate: int
    config: int  # its place in the registered sweep
    seed: int
    values: Mapping[str, object]
    cpu_limit: float


@value_class
class Particulars:
    """In what tickets of one form differ."""

    host: int
    task: int
    replicates: tuple[int, ...]
    seeds: tuple[int, ...]
    issued: datetime
    deadline: datetime
    expires: datetime


@value_class
class Ticket(Particulars):
    lab: str
    trust: int  # the version of the trust file that the laboratory had when it wrote this
    experiment: str
    version: int
    bundle: str  # SHA-256 of the bundle
    serial: int  # the bundle's
    configs: tuple[Mapping[str, object], ...]
    places: tuple[int, ...]  # of each config in the registered sweep
    cell_seconds: tuple[float, ...]  # CPU limit of each config
    memory_mb: int

    @property
    def cells(self) -> Iterator[OrderedCell]:
        """The ordered cells, in an order that follows from the task: a check computes them in another one.

        So what depends on the cells that its process computed before is found out by a check.
        """
        points = tuple(zip(self.places, self.configs, self.cell_seconds, strict=True))
        pairs = zip(self.replicates, self.seeds, strict=True)
        cells = (
            OrderedCell(replicate=replicate, config=place, seed=seed, values=values, cpu_limit=limit)
            for (replicate, seed), (place, values, limit) in itertools.product(pairs, points)
        )
        yield from sorted(cells, key=self._rank)

    def _rank(self, cell: OrderedCell) -> bytes:
        return hashlib.sha256(b"axiom-order-1 %d %d %d" % (self.task, cell.replicate, cell.config)).digest()


class TicketForm:
    def __init__(
        self,
        *,
        lab: str,
        trust: int,
        experiment: str,
        version: int,
        bundle: str,
        serial: int,
        configs: Sequence[Mapping[str, object]],
        places: Sequence[int],
        cell_seconds: Sequence[float],
        memory_mb: int,
    ) -> None:
        # The canonical form has the fields in the order of their names; what differs goes between these pieces.
        self._pieces = (
            f'{{"bundle":{_json(bundle)},"cell_seconds":{_json(cell_seconds)},"configs":{_json(configs)},"deadline":"',
            f'","experiment":{_json(experiment)},"expires":"',
            f'","kind":{_json(_KIND)},"lab":{_json(lab)},"memory_mb":{memory_mb},"places":{_json(places)},"replicates":',
            f',"serial":{serial},"task":',
            f',"trust":{trust},"version":{version}}}',
        )
        self._what = f"replicates of {experiment} at {len(configs)} configs"

    def write(self, differs: Particulars) -> bytes:
        before_deadline, before_expires, before_replicates, before_task, end = self._pieces
        seeds = _numbers(differs.seeds)
        body = (
            f"{before_deadline}{canonical_json.utc_text(differs.deadline)}{before_expires}{canonical_json.utc_text(differs.expires)}"
            f'","host":{differs.host},"issued":"{canonical_json.utc_text(differs.issued)}'
            f'{before_replicates}[{_numbers(differs.replicates)}],"seeds":[{seeds}]'
            f"{before_task}{differs.task}{end}"
        ).encode()
        length = (4 * len(body) + 2) // 3 + _SIGNATURE + len(seeds) + _PLAIN_WORDS
        if length > TEXT_LIMIT:
            raise TicketTooLong(
                f"The ticket of {len(differs.replicates)} {self._what} has {length} characters with the words beside "
                f"it, and a command line takes {TEXT_LIMIT}. Nothing was ordered; order fewer replicates in each "
                "workunit, or shorten the sweep."
            )
        return body


def write_ticket(ticket: Ticket, key: SigningKey) -> str:
    code = ("lab", "trust", "experiment", "version", "bundle", "serial")
    cells = ("configs", "places", "cell_seconds", "memory_mb")
    form = TicketForm(**{name: getattr(ticket, name) for name in (*code, *cells)})
    return seal_payload(form.write(ticket), [key])


def _json(value: object) -> str:
    return canonical_json.canonical_bytes(value).decode()


def _numbers(values: Sequence[int]) -> str:
    return ",".join(map(str, values))


def read_ticket(text: str, *, trust: Trust, now: datetime) -> Ticket:
    if not text.strip():
        raise EmptyTicket("The ticket")
    try:
        payload = unseal_payload(text, kind=_KIND, role=Role.TICKET, trust=trust, limit=TEXT_LIMIT, may_be_joint=True)
        ticket = _ticket(payload)
    except Untrusted as fault:
        raise ForeignTicket(f"The ticket is not the laboratory's: {fault}. {_NOTHING}") from None
    except ValueError as fault:
        raise MalformedTicket(f"The ticket cannot be read: {fault}. {_NOTHING}") from None
    if ticket.lab != trust.lab:
        raise ForeignTicket(
            f"The ticket is of laboratory {ticket.lab[:12]}, and this host works for {trust.lab[:12]}. {_NOTHING}"
        )
    if ticket.trust > trust.version:
        raise ForeignTicket(
            f"The ticket was written under version {ticket.trust} of the trust file, and this host has version "
            f"{trust.version}: keys may have been withdrawn since. {_NOTHING} The engine must bring the newest."
        )
    if ticket.expires <= now:
        raise ExpiredTicket(
            f"The ticket of task {ticket.task} ran out at {ticket.expires:%Y-%m-%d %H:%M} UTC, and it is "
            f"{now:%Y-%m-%d %H:%M}: its work may have been given to another host. {_NOTHING}"
        )
    return ticket


def _ticket(payload: dict[str, object]) -> Ticket:
    fields = canonical_json.Fields(payload, "the ticket", Ticket.__dataclass_fields__)
    ticket = Ticket(
        lab=fields.text("lab", _HEX),
        trust=fields.whole("trust", least=1),
        host=fields.whole("host", least=1),
        task=fields.whole("task", least=1),
        experiment=fields.text("experiment", NAME.pattern),
        version=fields.whole("version", least=1),
        bundle=fields.text("bundle", _HEX),
        serial=fields.whole("serial", least=1),
        replicates=fields.array("replicates", canonical_json.check_whole),
        seeds=fields.array("seeds", canonical_json.check_whole),
        configs=fields.array("configs", canonical_json.check_config),
        places=fields.array("places", canonical_json.check_whole),
        cell_seconds=fields.array("cell_seconds", canonical_json.check_real),
        memory_mb=fields.whole("memory_mb", least=1),
        issued=fields.moment("issued"),
        deadline=fields.moment("deadline"),
        expires=fields.moment("expires"),
    )
    canonical_json.check_distinct(ticket.replicates, "the list of replicates")
    canonical_json.check_distinct(ticket.seeds, "the list of seeds")
    canonical_json.check_distinct(ticket.places, "the list of places")
    if len(ticket.seeds) != len(ticket.replicates):
        raise ValueError(f"it has {len(ticket.seeds)} seeds for {len(ticket.replicates)} replicates")
    if not len(ticket.configs) == len(ticket.places) == len(ticket.cell_seconds):
        raise ValueError("its configs, their places and their limits are not equally many")
    if min(ticket.cell_seconds) <= 0:
        raise ValueError("a cell has no time at all")
    return ticket


@value_class
class Order:
    task: int
    host: int
    bundle: str
    seeds: tuple[int, ...]
    ticket: str

    @classmethod
    def of(cls, ticket: Ticket, text: str) -> Self:
        return cls(task=ticket.task, host=ticket.host, bundle=ticket.bundle, seeds=ticket.seeds, ticket=text)

    def argv(self) -> list[str]:
        words = {"task": self.task, "host": self.host, "bundle": self.bundle}
        seeds = ",".join(str(seed) for seed in self.seeds)
        plain = [word for name, value in words.items() for word in (f"--{name}", str(value))]
        return [*plain, "--seeds", seeds, "--ticket", self.ticket]

    @classmethod
    def parse(cls, argv: Sequence[str]) -> Self:
        if not any(word.strip() for word in argv):
            raise EmptyTicket("The order")
        names = ("--task", "--host", "--bundle", "--seeds", "--ticket")
        words = dict(zip(argv[::2], argv[1::2], strict=False))
        if len(argv) != 2 * len(names) or set(words) != set(names):
            options = ", ".join(sorted(set(argv[::2]))[:8])[:200]
            raise MalformedTicket(
                f"The order must give each of {', '.join(names)} once; it gives {options}. {_NOTHING}"
            )
        for name in names:
            if not words[name].strip():
                raise EmptyTicket(f"The value of {name}")
        try:
            task, host = _number(words["--task"]), _number(words["--host"])
            seeds = tuple(_number(seed) for seed in words["--seeds"].split(","))
        except ValueError as fault:
            raise MalformedTicket(f"The order's plain words cannot be read: {fault}. {_NOTHING}") from None
        return cls(task=task, host=host, bundle=words["--bundle"], seeds=seeds, ticket=words["--ticket"])


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 19):
        raise ValueError(f"{word[:40]!r} is not a whole number")
    return int(word)


def check_order(order: Order, ticket: Ticket, *, host: int) -> None:
    for word, plain, signed in (
        ("task", order.task, ticket.task),
        ("host", order.host, ticket.host),
        ("bundle", order.bundle, ticket.bundle),
        ("seeds", order.seeds, ticket.seeds),
    ):
        if plain != signed:
            raise UnequalTicket(
                f"The order says {word} {str(plain)[:80]}, and its ticket says {str(signed)[:80]}. {_NOTHING}"
            )
    if ticket.host != host:
        raise ForeignTicket(f"The ticket is for host {ticket.host}, and this is host {host}. {_NOTHING}")


def parse_own_ticket(text: str) -> Ticket:
    """Read a ticket that this laboratory wrote and kept itself: no signature is checked, nor what signing implies.

    Whatever came from outside is for `read_ticket`. A MalformedTicket says that what was kept is damaged.
    """
    try:
        body = base64.urlsafe_b64decode(text.partition(".")[0] + "===")
        payload = json.loads(body)
        return Ticket(
            lab=payload["lab"],
            trust=payload["trust"],
            host=payload["host"],
            task=payload["task"],
            experiment=payload["experiment"],
            version=payload["version"],
            bundle=payload["bundle"],
            serial=payload["serial"],
            replicates=tuple(payload["replicates"]),
            seeds=tuple(payload["seeds"]),
            configs=tuple(payload["configs"]),
            places=tuple(payload["places"]),
            cell_seconds=tuple(payload["cell_seconds"]),
            memory_mb=payload["memory_mb"],
            issued=datetime.fromisoformat(payload["issued"]),
            deadline=datetime.fromisoformat(payload["deadline"]),
            expires=datetime.fromisoformat(payload["expires"]),
        )
    except (ValueError, KeyError, TypeError) as fault:
        raise MalformedTicket(f"The ticket that was kept cannot be read: {fault!r}. {_NOTHING}") from None

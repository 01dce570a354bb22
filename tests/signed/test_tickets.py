"""Orders, each signed alone or several under one signature: none stands for another."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.experiments import seed_of
from axiom.errors import (
    EmptyTicket,
    ExpiredTicket,
    ForeignTicket,
    MalformedTicket,
    TicketError,
    TicketTooLong,
    UnequalTicket,
)
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.tickets import Order, check_order, parse_own_ticket, read_ticket, write_ticket
from axiom.signed.trust import (
    NotSealed,
    Role,
    join_payloads,
    joint_message,
    seal_payload,
    seal_together,
    unseal_payload,
)


@pytest.fixture(scope="session")
def text(make_ticket, keys) -> str:
    return write_ticket(make_ticket(), keys.ticket)


def test_a_ticket_is_read_as_written_until_it_expires_and_of_the_least_of_everything(text, make_ticket, keys, now):
    made = make_ticket()
    assert read_ticket(text, trust=keys.trust, now=now) == parse_own_ticket(text) == made
    assert read_ticket(text, trust=keys.trust, now=made.expires - timedelta(seconds=1))
    with pytest.raises(ExpiredTicket):
        read_ticket(text, trust=keys.trust, now=made.expires)
    for nothing in ("", "  \n"):
        with pytest.raises(EmptyTicket):
            read_ticket(nothing, trust=keys.trust, now=now)
    with pytest.raises(MalformedTicket):
        parse_own_ticket(text[: len(text) // 2])
    least = {"host": 1, "task": 1, "version": 1, "serial": 1, "memory_mb": 1, "replicates": (0,), "places": (0,)}
    made = make_ticket(**least, seeds=(seed_of("probe", 1, 0),), configs=({},), cell_seconds=(0.001,))
    assert read_ticket(write_ticket(made, keys.ticket), trust=keys.trust, now=now) == made
    body = canonical_bytes({"kind": "axiom-ticket-1", "seed": 42})
    with pytest.raises(MalformedTicket, match="seeds"):
        read_ticket(seal_payload(body, [keys.ticket]), trust=keys.trust, now=now)


def test_cells_are_every_replicate_at_every_config_in_an_order_of_each_task(make_ticket):
    ticket = make_ticket()
    assert sorted((cell.replicate, cell.config, cell.seed, cell.cpu_limit) for cell in ticket.cells) == [
        (number, place, seed_of("probe", 1, number), limit)
        for number in (7, 8)
        for place, limit in ((0, 1.5), (3, 3.0))
    ]
    assert {cell.config: cell.values["width"] for cell in ticket.cells} == {0: 8, 3: 16}

    def order(task: int) -> tuple[tuple[int, int], ...]:
        return tuple((cell.replicate, cell.config) for cell in make_ticket(task=task).cells)

    orders = [order(task) for task in range(1, 200)]
    assert orders == [order(task) for task in range(1, 200)]
    assert len(set(orders)) == 24  # all that four cells can have


def test_a_ticket_of_another_key_laboratory_or_later_trust_file_is_foreign(make_ticket, keys, strangers, now):
    for made, key, fact in (
        (make_ticket(), strangers.ticket, "not the laboratory's"),
        (make_ticket(), keys.bundle, "not the laboratory's"),
        (make_ticket(lab="0" * 64), keys.ticket, "of laboratory 0000"),
        (make_ticket(trust=2), keys.ticket, "version 2 "),
    ):
        with pytest.raises(ForeignTicket, match=fact):
            read_ticket(write_ticket(made, key), trust=keys.trust, now=now)
    text = write_ticket(make_ticket(trust=2), keys.ticket)
    newer = replace(keys.trust, version=3)  # tickets wait for days, so an older one is obeyed
    assert read_ticket(text, trust=newer, now=now).trust == 2


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"replicates": (), "seeds": ()}, "replicates"),
        ({"replicates": (7, 7)}, "replicates"),
        ({"places": (3, 3)}, "places"),
        ({"seeds": (1,)}, "1 seeds for 2"),
        ({"seeds": (42, 42)}, "seeds"),
        ({"cell_seconds": (1.0,)}, "configs"),
        ({"configs": ({},)}, "configs"),
        ({"cell_seconds": (1.0, 0.0)}, "no time"),
        ({"host": 0}, "host"),
        ({"memory_mb": 0}, "memory_mb"),
        ({"bundle": "abc"}, "bundle"),
        ({"experiment": "../probe"}, "experiment"),
        ({"configs": ({"width": [1]}, {})}, "configs"),
    ],
)
def test_a_signed_ticket_that_makes_no_sense_is_malformed(changes, fact, make_ticket, keys, now):
    with pytest.raises(MalformedTicket, match=fact):
        read_ticket(write_ticket(make_ticket(**changes), keys.ticket), trust=keys.trust, now=now)


def test_an_order_is_parsed_as_written_and_must_say_what_its_ticket_says(text, make_ticket):
    made = make_ticket()
    order = Order.of(made, text)
    assert Order.parse(order.argv()) == order
    assert order.argv()[:4] == ["--task", "5", "--host", "1"]
    check_order(order, made, host=1)
    with pytest.raises(ForeignTicket):
        check_order(order, made, host=2)
    for changes in ({"task": 6}, {"host": 2}, {"bundle": "cd" * 32}, {"seeds": (1, 2)}):
        with pytest.raises(UnequalTicket, match=next(iter(changes))):
            check_order(Order.of(make_ticket(**changes), text), made, host=1)


ARGV = ["--task", "5", "--host", "1", "--bundle", "ab", "--seeds", "1,2", "--ticket", "T"]


def test_an_order_that_cannot_be_parsed_is_refused():
    for argv, error in [
        (["", " "], EmptyTicket),
        ([*ARGV[:-1], ""], EmptyTicket),
        (ARGV[:-2], MalformedTicket),
        ([*ARGV, "--seed"], MalformedTicket),
        ([*ARGV[:-2], "--task", "5"], MalformedTicket),
        ([*ARGV[:1], "five", *ARGV[2:]], MalformedTicket),
        ([*ARGV[:1], "-5", *ARGV[2:]], MalformedTicket),
        ([*ARGV[:1], "٣", *ARGV[2:]], MalformedTicket),
        ([*ARGV[:1], "9" * 20, *ARGV[2:]], MalformedTicket),
        ([*ARGV[:7], "1,,2", *ARGV[8:]], MalformedTicket),
    ]:
        assert Order.parse([*ARGV[:1], "9" * 19, *ARGV[2:]]).task == int("9" * 19)
        with pytest.raises(error):
            Order.parse(argv)


def test_a_ticket_that_no_command_line_could_carry_is_not_written(make_ticket, keys):
    many = tuple(range(1_300))  # whose ticket would fit alone, and with its seeds beside it does not
    ticket = make_ticket(replicates=many, seeds=tuple(seed_of("probe", 1, number) for number in many))
    with pytest.raises(TicketTooLong, match="1300 replicates") as refused:
        write_ticket(ticket, keys.ticket)
    assert refused.value.exit_code == 4
    fewer = replace(ticket, replicates=many[:1_000], seeds=ticket.seeds[:1_000])
    words = " ".join(Order.of(fewer, write_ticket(fewer, keys.ticket)).argv())
    assert 50_000 < len(words) <= 60_000
    wide = make_ticket(configs=({"level": "ä" * 30_000}, {}))  # two bytes each
    with pytest.raises(TicketTooLong):
        write_ticket(wide, keys.ticket)


BODIES = st.lists(st.binary(max_size=40), min_size=2, max_size=70)
PATH_LIMIT = 1 + 8 * 32  # bytes: of 256 texts each has eight branches above it


@settings(max_examples=30)
@given(BODIES, st.data())
def test_each_of_several_texts_and_no_other_leads_to_the_one_word_that_is_signed(bodies, data):
    word, paths = join_payloads(bodies)
    assert [joint_message(body, path) for body, path in zip(bodies, paths, strict=True)] == [word] * len(bodies)
    assert all(len(path) <= PATH_LIMIT for path in paths)
    stranger = data.draw(st.binary(max_size=80).filter(lambda body: body not in bodies))
    assert word not in {joint_message(stranger, path) for path in paths}


def hashed(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def test_the_tree_is_the_one_that_is_written_down():
    first, second, third = (hashed(b"\0", body) for body in (b"1", b"2", b"3"))
    word, paths = join_payloads([b"1", b"2", b"3"])
    pair = hashed(b"\1", first, second)
    assert word == b"axiom-joint-1\0" + hashed(b"\1", pair, third)
    assert paths == [b"\0" + second + third, b"\1" + first + third, b"\1" + pair]
    word, (path, _) = join_payloads([b"1", b"2"])
    inside = b"\1" + first + second
    for body in (inside, inside[1:], b"1" + path[1:]):
        assert joint_message(body, path) != word  # a branch is no text
    assert max(map(len, join_payloads([b"%d" % number for number in range(256)])[1])) == PATH_LIMIT
    for none in (b"", b"\0", b"\0" * 32, b"\0" * 34, b"\2" + b"x" * 32, b"\0" * (PATH_LIMIT + 32)):
        with pytest.raises(ValueError, match="no path"):
            joint_message(b"1", none)
    for amount in (0, 1, 257):
        with pytest.raises(ValueError, match="share"):
            join_payloads([b"x"] * amount)


def tickets(make_ticket, keys) -> list[str]:
    """Several orders under one signature, as a reply brings them."""
    alone = [write_ticket(make_ticket(task=task), keys.ticket) for task in (7, 8, 9)]
    bodies = [base64.urlsafe_b64decode(text.partition(".")[0] + "==") for text in alone]
    return seal_together(bodies, keys.ticket)


def test_each_ticket_under_a_joint_signature_is_read_and_parts_of_two_make_no_third(make_ticket, keys, now):
    texts = tickets(make_ticket, keys)
    assert [read_ticket(text, trust=keys.trust, now=now).task for text in texts] == [7, 8, 9]
    assert len({text.split(".")[1] for text in texts}) == 1
    (body, signature, path), (other, _, way), _ = (text.split(".") for text in texts)
    alone = write_ticket(make_ticket(task=7), keys.ticket).split(".")[1]
    wrong = [(body, signature, way), (other, signature, path), (body, signature), (body, alone, path)]
    for parts in [*wrong, (body, signature, path, path), (body, signature, "")]:
        with pytest.raises(TicketError):
            read_ticket(".".join(parts), trust=keys.trust, now=now)
    with pytest.raises(NotSealed, match="two parts"):  # as of anything that nobody signs jointly
        unseal_payload(texts[0], kind="axiom-ticket-1", role=Role.TICKET, trust=keys.trust, limit=60_000)
    assert seal_together([b"{}"], keys.ticket) == [seal_payload(b"{}", [keys.ticket])]
    assert seal_together([], keys.ticket) == []

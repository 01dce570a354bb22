from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
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
from axiom.signed.canonical_json import canonical
from axiom.signed.tickets import Order, check, read_ticket, write_ticket
from axiom.signed.trust import sealed


@pytest.fixture(scope="session")
def text(make_ticket, keys) -> str:
    return write_ticket(make_ticket(), keys.ticket)


def test_a_ticket_is_read_as_written(text, make_ticket, keys, now):
    assert read_ticket(text, trust=keys.trust, now=now) == make_ticket()


def test_cells_are_every_replicate_at_every_config(make_ticket):
    ticket = make_ticket()
    assert sorted((cell.replicate, cell.config, cell.seed, cell.cpu_limit) for cell in ticket.cells) == [
        (7, 0, seed_of("probe", 1, 7), 1.5),
        (7, 3, seed_of("probe", 1, 7), 3.0),
        (8, 0, seed_of("probe", 1, 8), 1.5),
        (8, 3, seed_of("probe", 1, 8), 3.0),
    ]
    assert {cell.config: cell.values["width"] for cell in ticket.cells} == {0: 8, 3: 16}


def test_every_task_computes_its_cells_in_an_order_of_its_own(make_ticket):
    def order(task: int) -> tuple[tuple[int, int], ...]:
        return tuple((cell.replicate, cell.config) for cell in make_ticket(task=task).cells)

    orders = [order(task) for task in range(1, 200)]
    assert orders == [order(task) for task in range(1, 200)]
    assert len(set(orders)) == 24  # all that four cells can have


@given(data=st.data())
def test_no_bit_of_a_ticket_can_be_flipped(data, text, keys, now):
    flipped = bytearray(text.encode())
    flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(TicketError):
        read_ticket(flipped.decode("latin-1"), trust=keys.trust, now=now)


@given(kept=st.floats(0, 0.999))
def test_no_part_of_a_ticket_can_be_cut(kept, text, keys, now):
    with pytest.raises(TicketError):
        read_ticket(text[: int(kept * len(text))], trust=keys.trust, now=now)


@pytest.mark.parametrize("nothing", ["", "  \n"])
def test_an_empty_ticket_is_called_empty(nothing, keys, now):
    with pytest.raises(EmptyTicket, match="would repeat a computation"):
        read_ticket(nothing, trust=keys.trust, now=now)


def test_a_ticket_of_another_key_or_laboratory_is_foreign(make_ticket, keys, strangers, now):
    for key in (strangers.ticket, keys.bundle):
        with pytest.raises(ForeignTicket, match="not the laboratory's"):
            read_ticket(write_ticket(make_ticket(), key), trust=keys.trust, now=now)
    with pytest.raises(ForeignTicket, match="is of laboratory 0000"):
        read_ticket(write_ticket(make_ticket(lab="0" * 64), keys.ticket), trust=keys.trust, now=now)


def test_a_ticket_that_was_written_under_a_newer_trust_file_is_refused(make_ticket, keys, now):
    text = write_ticket(make_ticket(trust=2), keys.ticket)
    with pytest.raises(ForeignTicket, match="under version 2 of the trust file, and this host has version 1"):
        read_ticket(text, trust=keys.trust, now=now)
    newer = replace(keys.trust, version=3)  # tickets wait for days, so an older one is obeyed
    assert read_ticket(text, trust=newer, now=now).trust == 2


def test_a_ticket_expires(make_ticket, text, keys):
    expires = make_ticket().expires
    assert read_ticket(text, trust=keys.trust, now=expires - timedelta(seconds=1))
    with pytest.raises(ExpiredTicket, match="ran out at 2026-03-05 10:00 UTC"):
        read_ticket(text, trust=keys.trust, now=expires)


def test_a_seed_that_is_not_the_replicates_own_is_unequal(make_ticket, keys, now):
    seeds = (seed_of("probe", 1, 7), seed_of("probe", 2, 8))
    with pytest.raises(UnequalTicket, match="replicate 8 of probe@1"):
        read_ticket(write_ticket(make_ticket(seeds=seeds), keys.ticket), trust=keys.trust, now=now)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"replicates": (), "seeds": ()}, "replicates is empty"),
        ({"replicates": (7, 7)}, "replicates names the same thing twice"),
        ({"places": (3, 3)}, "places names the same thing twice"),
        ({"seeds": (1,)}, "1 seeds for 2 replicates"),
        ({"cell_seconds": (1.0,)}, "not equally many"),
        ({"configs": ({},)}, "not equally many"),
        ({"cell_seconds": (1.0, 0.0)}, "no time at all"),
        ({"host": 0}, "host is not a whole number"),
        ({"memory_mb": 0}, "memory_mb"),
        ({"bundle": "abc"}, "bundle 'abc' has not the form"),
        ({"experiment": "../probe"}, "experiment '../probe' has not the form"),
        ({"configs": ({"width": [1]}, {})}, "plain values"),
    ],
)
def test_a_signed_ticket_that_makes_no_sense_is_malformed(changes, words, make_ticket, keys, now):
    with pytest.raises(MalformedTicket, match=words):
        read_ticket(write_ticket(make_ticket(**changes), keys.ticket), trust=keys.trust, now=now)


def test_a_signed_ticket_with_an_unknown_field_is_malformed(keys, now):
    with pytest.raises(MalformedTicket, match="did you mean seeds"):
        read_ticket(sealed(canonical({"kind": "axiom-ticket-1", "seed": 42}), [keys.ticket]), trust=keys.trust, now=now)


def test_an_order_is_parsed_as_written(text, make_ticket):
    order = Order.of(make_ticket(), text)
    assert Order.parse(order.argv()) == order
    assert order.argv()[:4] == ["--task", "5", "--host", "1"]
    check(order, make_ticket(), host=1)


ARGV = ["--task", "5", "--host", "1", "--bundle", "ab", "--seeds", "1,2", "--ticket", "T"]


@pytest.mark.parametrize(
    ("argv", "error", "words"),
    [
        ([], EmptyTicket, "The order is empty"),
        (["", " "], EmptyTicket, "The order is empty"),
        ([*ARGV[:-1], ""], EmptyTicket, "value of --ticket is empty"),
        ([*ARGV[:7], "", *ARGV[8:]], EmptyTicket, "value of --seeds is empty"),
        (ARGV[:-2], MalformedTicket, "must give each of"),
        ([*ARGV, "--seed"], MalformedTicket, "must give each of"),
        ([*ARGV[:-2], "--task", "5"], MalformedTicket, "must give each of"),
        ([*ARGV[:1], "five", *ARGV[2:]], MalformedTicket, "'five' is not a whole number"),
        ([*ARGV[:1], "-5", *ARGV[2:]], MalformedTicket, "'-5' is not"),
        ([*ARGV[:1], "9" * 20, *ARGV[2:]], MalformedTicket, "is not a whole number"),
        ([*ARGV[:7], "1,,2", *ARGV[8:]], MalformedTicket, "'' is not"),
    ],
)
def test_an_order_that_cannot_be_parsed_is_refused(argv, error, words):
    with pytest.raises(error, match=words):
        Order.parse(argv)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": 6}, "says task 6, and its ticket says 5"),
        ({"host": 2}, "says host 2, and its ticket says 1"),
        ({"bundle": "cd" * 32}, "says bundle cdcd"),
        ({"seeds": (1, 2)}, r"says seeds \(1, 2\)"),
    ],
)
def test_plain_words_that_differ_from_the_ticket_are_refused(changes, words, make_ticket, text):
    order = Order.of(make_ticket(**changes), text)
    with pytest.raises(UnequalTicket, match=words):
        check(order, make_ticket(), host=1)


def test_an_order_for_another_host_is_foreign(make_ticket, text):
    with pytest.raises(ForeignTicket, match="for host 1, and this is host 2"):
        check(Order.of(make_ticket(), text), make_ticket(), host=2)


def test_a_ticket_that_no_command_line_could_carry_is_not_written(make_ticket, keys):
    many = tuple(range(5_000))
    ticket = make_ticket(replicates=many, seeds=tuple(seed_of("probe", 1, number) for number in many))
    with pytest.raises(TicketTooLong, match=r"5000 replicates of probe .* a command line takes 60000") as refused:
        write_ticket(ticket, keys.ticket)
    assert refused.value.exit_code == 4


def test_a_ticket_that_would_fit_alone_is_not_written_when_its_seeds_beside_it_do_not_fit_too(make_ticket, keys):
    many = tuple(range(1_300))
    ticket = make_ticket(replicates=many, seeds=tuple(seed_of("probe", 1, number) for number in many))
    with pytest.raises(TicketTooLong, match="characters with the words beside it"):
        write_ticket(ticket, keys.ticket)
    fewer = replace(ticket, replicates=many[:1_000], seeds=ticket.seeds[:1_000])
    words = " ".join(Order.of(fewer, write_ticket(fewer, keys.ticket)).argv())
    assert 50_000 < len(words) <= 60_000

"""Computers that somebody invents: how many an account may add, and how much work they get together."""

from scheduler_calls import Client

from axiom.decisions.accounts.new_hosts import MOST_NEW
from axiom.store.hosts import hosts


def invented(key: str, number: int, **facts) -> Client:
    """A computer that nobody has heard of."""
    return Client(key, cpid=f"{number:032x}", name=f"pc-{number}", **facts)


def amount(exchange) -> int:
    """How many hosts are known, the laboratory's own apart."""
    return exchange.do(lambda db: sum(host.volunteer_id != 1 for host in hosts.hosts(db)))


def test_an_account_adds_no_more_than_so_many_computers_in_an_hour(exchange, ann, attic):
    exchange.call(attic)
    for number in range(2, MOST_NEW + 1):
        exchange.call(invented(ann.key, number))
    assert amount(exchange) == MOST_NEW
    late = invented(ann.key, 900)
    heard = exchange.call(late, ask=1.0)
    assert (heard.host, heard.tasks, amount(exchange)) == (None, {}, MOST_NEW)
    ((priority, said),) = heard.words
    assert priority == "notice"
    assert f"{MOST_NEW} computers were added to your account" in said
    assert 3_600 <= float(heard.root.findtext("request_delay")) <= 4_200
    assert exchange.call(Client(exchange.join("Bob").key, cpid="b" * 32)).host is not None
    exchange.lab.later(minutes=60)
    assert exchange.call(late, ask=1.0).host is not None


def test_what_a_computer_brings_that_has_to_wait_is_not_acknowledged(exchange, ann, attic):
    exchange.call(attic, ask=1.0)
    (handed,) = attic.tasks.values()
    brought = exchange.upload(handed)
    for number in range(2, MOST_NEW + 1):
        exchange.call(invented(ann.key, number))
    elsewhere = invented(ann.key, 900)
    assert exchange.call(elsewhere, brought).root.findall("result_ack") == []
    assert len(exchange.call(attic, brought).root.findall("result_ack")) == 1


def test_a_known_computer_is_known_again_however_many_were_added(exchange, ann, attic):
    exchange.call(attic)
    for number in range(2, MOST_NEW + 1):
        exchange.call(invented(ann.key, number))
    anew = Client(ann.key)
    assert exchange.call(anew).host == attic.host
    exchange.lab.later(minutes=60)
    for _ in range(3):
        exchange.call(attic)
    copy = Client(ann.key, host=attic.host, cpid="c" * 32, seqno=attic.seqno - 2)
    assert exchange.call(copy).host not in {None, attic.host}


def test_computers_without_a_valid_task_have_a_few_together_and_one_each(exchange, ann):
    exchange.deploy(400)
    computers = [invented(ann.key, number, cores=64) for number in range(20)]
    heard = [exchange.call(each, ask=1e9) for each in computers]
    had = [len(each.tasks) for each in heard]
    assert had == [64, 32, 16, 8, 4, 2, 1, *[1] * 13]
    refused = exchange.call(computers[-1], ask=1e9).words[0][1]
    assert "128 tasks" in refused
    assert "valid" in refused
    bob = invented(exchange.join("Bob").key, 1, cores=64)
    assert len(exchange.call(bob, ask=1e9).tasks) == 64


def test_a_computer_with_a_valid_task_has_what_is_its_own_and_leaves_room_to_the_others(exchange, ann):
    exchange.deploy(400)
    first, second, third = (invented(ann.key, number, cores=32) for number in range(3))
    for each in (first, second, third):
        exchange.call(each, ask=1e9)
    assert [len(each.tasks) for each in (first, second, third)] == [64, 32, 16]
    exchange.call(first, exchange.upload(next(iter(first.tasks.values()))))
    exchange.settle()
    exchange.lab.later(minutes=1)
    before = len(first.tasks)
    exchange.call(first, ask=1e9)
    assert len(first.tasks) > before
    exchange.call(third, ask=1e9)
    assert len(third.tasks) == 48


def test_computers_that_only_ask_again_keep_what_they_have(exchange, ann):
    exchange.deploy(200)
    computers = [invented(ann.key, number, cores=64) for number in range(9)]
    for _ in range(3):
        for each in computers:
            exchange.call(each, ask=1e9)
        exchange.lab.later(minutes=1)
    assert sum(len(each.tasks) for each in computers) == 129

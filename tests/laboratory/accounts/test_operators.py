"""The role of an operator, used with a second factor; credit that is carried over, and news."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from furnished_lab import fill

from axiom.domain.callers import volunteer_caller as volunteer
from axiom.errors import LimitReached, NotAllowed, NotFound, Refused, WrongUse
from axiom.gate.registry import read_command
from axiom.laboratory.accounts.commands.accounts import EraseAccount
from axiom.laboratory.accounts.commands.operator_sign_in import SignInAsOperator
from axiom.laboratory.accounts.commands.operators import AddOperator, EndOperator
from axiom.laboratory.news.commands import AddNews, WithdrawNews
from axiom.laboratory.programs.commands import EndProgram
from axiom.limits import credit as limits
from axiom.server.accounts.account_credentials import open_account
from axiom.server.accounts.second_factor import secret_of
from axiom.service import standard_callers as callers
from axiom.signed.keys import load_secrets
from axiom.store.accounts import accounts, operators
from axiom.store.credit import ledger
from axiom.store.hosts import notices
from axiom.store.hosts.hosts import list_all_hosts
from axiom.store.views.credit import list_carried_credit

GIVE = AddOperator(operator="ada", volunteer=2)


@pytest.fixture
def staffed(door, secret):
    """A laboratory with two accounts, volunteers 2 and 3."""
    door.gate.writer.run(lambda db: accounts.find_laboratory_account(db, door.lab.now))
    for name in ("Ada", "Eve"):
        who = {"name": name, "email": f"{name.lower()}@mail.example", "password": ""}
        door.gate.writer.run(lambda db, who=who: open_account(db, secret, **who, now=door.lab.now))
    return door


def code(door, serial: int = 1, **later: float) -> str:
    secret = load_secrets(door.lab.folder.keys).accounts
    return pyotp.TOTP(secret_of(secret, 2, serial)).at(door.lab.now + timedelta(**later))


def prove(door, shown: str, number: int = 2):
    return door.submit(SignInAsOperator(volunteer=number, code=shown), caller=volunteer(number))


def acting(door):
    return door.look(lambda db: operators.find_acting_operator(db, 2))


def test_the_role_is_given_used_taken_and_given_again_and_few_codes_are_tried_a_day(staffed):
    staffed.submit(GIVE)
    assert prove(staffed, code(staffed))["operator"] == "ada"
    assert acting(staffed).caller.name == "operator:ada"
    staffed.submit(EndOperator(operator="ada"))
    assert acting(staffed) is None
    with pytest.raises(Refused):
        prove(staffed, code(staffed, seconds=30))
    with pytest.raises(Refused):
        staffed.submit(EndOperator(operator="ada"))
    assert staffed.submit(GIVE)["serial"] == 2
    with pytest.raises(Refused):
        prove(staffed, code(staffed, serial=1))
    prove(staffed, code(staffed, serial=2))
    audited = [(row["caller"], row["command"], row["outcome"]) for row in staffed.audited()[-2:]]
    assert audited == [("volunteer:2", "operator.sign_in", "refused"), ("volunteer:2", "operator.sign_in", "done")]
    assert code(staffed, serial=2) not in str(staffed.audited())
    staffed.lab.later(days=1, seconds=1)
    for _ in range(30):  # so many are tried in a day, right ones too
        with pytest.raises(Refused):
            prove(staffed, "wrong")
    with pytest.raises(LimitReached):
        prove(staffed, code(staffed, serial=2))
    staffed.lab.later(days=1, seconds=1)
    prove(staffed, code(staffed, serial=2))


@pytest.mark.parametrize("seconds", [-60, -30, 0, 30, 60])
def test_a_code_is_good_one_step_to_either_side_and_once(staffed, seconds):
    staffed.submit(GIVE)
    shown = code(staffed, seconds=seconds)
    if abs(seconds) <= 30:
        prove(staffed, f"{shown[:3]} {shown[3:]}")
    before = staffed.stored()
    with pytest.raises(Refused):
        prove(staffed, shown)
    assert staffed.stored() == before
    staffed.lab.later(seconds=60)
    prove(staffed, code(staffed))


def test_the_role_comes_from_who_gives_rights_alone_and_a_name_means_one_account(staffed):
    for caller in (callers.laboratory_caller(4), volunteer(2)):
        with pytest.raises(NotAllowed):
            staffed.submit(GIVE, caller=caller)
    staffed.submit(GIVE)
    with pytest.raises(NotAllowed):  # somebody else's code, with one's own account
        staffed.submit(SignInAsOperator(volunteer=2, code=code(staffed)), caller=volunteer(3))
    with pytest.raises(Refused):
        prove(staffed, code(staffed), 3)
    staffed.submit(EndOperator(operator="ada"))
    for command, error in (
        (AddOperator(operator="ada", volunteer=3), Refused),
        (AddOperator(operator="countess", volunteer=2), Refused),
        (AddOperator(operator="eve", volunteer=1), NotFound),  # the laboratory itself, which has no account
        (EndOperator(operator="nobody"), NotFound),
    ):
        with pytest.raises(error):
            staffed.submit(command)
    with pytest.raises(WrongUse):
        AddOperator(operator="Ada Lovelace", volunteer=2)
    staffed.submit(GIVE)
    operator = acting(staffed).caller  # who governs programs and touches nobody's account
    with pytest.raises(NotFound):
        staffed.submit(EndProgram(program="nobody"), caller=operator)
    with pytest.raises(NotAllowed):
        staffed.submit(EraseAccount(volunteer=3), caller=operator)
    staffed.submit(EraseAccount(volunteer=2))  # whoever erases their account has no role any more
    assert acting(staffed) is None
    assert staffed.broken() == {}


@pytest.fixture
def peopled(door, join):
    door.gate.writer.run(lambda db: [join(db, name, door.lab.now) for name in ("Ada", "Grace")])
    return door


def carry(door, *rows: tuple[int, str, int], **how) -> dict[str, Any]:
    words = [{"volunteer": volunteer, "source": source, "amount": amount} for volunteer, source, amount in rows]
    return door.submit(read_command("volunteer.carry-over", {"rows": words}), **how)


def totals(door) -> dict[int, int]:
    return door.look(
        lambda db: {
            number: balance.total for number, balance in ledger.find_balances(db, ledger.VOLUNTEER, [1, 2]).items()
        }
    )


def test_one_wrong_row_refuses_all_of_them(peopled):
    for rows, error in (
        ([(1, "old", 5), (3, "old", 5)], NotFound),
        ([(1, "old", 5), (1, "old", 6)], WrongUse),  # twice with the same source
    ):
        with pytest.raises(error):
            carry(peopled, *rows)
    assert totals(peopled) == {}
    assert peopled.look(lambda db: list_carried_credit(db, 1)) == []
    audited = peopled.audited()
    assert [entry["outcome"] for entry in audited] == ["refused", "refused"]
    for rows in (
        [],
        [(0, "old", 5)],
        [(1, "", 5)],
        [(1, "o" * 101, 5)],
        [(1, "old", 0)],
        [(1, "old", limits.THOUSANDTHS_OF_A_SOURCE + 1)],
        [(1, "old", 5.5)],
        [(number, "old", 5) for number in range(1, limits.ROWS_OF_A_COMMAND + 2)],
    ):  # what cannot be meant is refused before it is looked at
        with pytest.raises(WrongUse):
            carry(peopled, *rows)
    assert peopled.audited() == audited
    carry(peopled, (1, "o" * 100, limits.THOUSANDTHS_OF_A_SOURCE))
    assert totals(peopled) == {1: limits.THOUSANDTHS_OF_A_SOURCE}


LINE = "The server moves on Saturday."


def test_news_reach_the_clients_of_volunteers_until_they_are_withdrawn(small_lab, prepared):
    lab = small_lab
    fill(lab, prepared)
    rows = lab.db.select("SELECT h.id FROM host h JOIN volunteer v ON v.id = h.volunteer_id WHERE v.is_ours = 0")
    first, *others = volunteers = sorted(row["id"] for row in rows)

    def do(command):
        with lab.db.transaction():
            return command.apply(lab.db, None, None, lab.now)

    def shown(host: int) -> list:
        return [notice for notice in notices.list_host_notices(lab.db, host, lab.now) if notice.text == LINE]

    def reached() -> list[int]:
        return [host.id for host in list_all_hosts(lab.db) if shown(host.id)]

    assert (do(AddNews(line=LINE))["hosts_told"], reached()) == (0, [])
    assert do(AddNews(line=LINE, to_hosts=True))["hosts_told"] == len(volunteers) > 1
    assert reached() == volunteers
    assert 1 not in volunteers  # the laboratory's own
    with lab.db.transaction():
        notices.mark_notices_told(lab.db, [notice.id for notice in shown(first)], lab.now)
    assert do(WithdrawNews(number=2))["untold"] == len(others)
    assert reached() == [first], "for a day it stays where it was shown already"
    lab.later(days=61)  # whoever was silent for months is not told later
    assert do(AddNews(line=LINE, to_hosts=True))["hosts_told"] == 0

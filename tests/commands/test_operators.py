"""The role of an operator at the gate: given and taken by whoever gives rights, used with a second factor."""

from datetime import timedelta

import pyotp
import pytest

from axiom.boinc.accounts import CreateAccount
from axiom.commands.accounts import EraseAccount
from axiom.commands.operators import AddOperator, EndOperator, SignInAsOperator
from axiom.commands.programs import EndProgram
from axiom.errors import LimitReached, NotAllowed, NotFound, Refused, WrongUse
from axiom.server.accounts.accounts import open_account
from axiom.server.accounts.second_factor import secret_of
from axiom.service import callers
from axiom.signed.keys import load_secrets
from axiom.store.accounts import accounts, operators
from axiom.web.account.visits import caller as volunteer

GIVE = AddOperator(operator="ada", volunteer=2)


@pytest.fixture
def staffed(door, secret):
    """A laboratory with two accounts, volunteers 2 and 3."""
    door.gate.writer.run(lambda db: accounts.ourselves(db, door.lab.now))
    for name in ("Ada", "Eve"):
        asked = CreateAccount(email=f"{name.lower()}@mail.example", passwd_hash="", name=name)
        door.gate.writer.run(lambda db, asked=asked: open_account(db, secret, asked, "", door.lab.now))
    return door


def code(door, serial: int = 1, **later: float) -> str:
    secret = load_secrets(door.lab.folder.keys).accounts
    return pyotp.TOTP(secret_of(secret, 2, serial)).at(door.lab.now + timedelta(**later))


def prove(door, shown: str, number: int = 2):
    return door.submit(SignInAsOperator(volunteer=number, code=shown), caller=volunteer(number))


def acting(door):
    return door.look(lambda db: operators.acting(db, 2))


def test_the_role_is_given_used_taken_and_given_again_and_few_codes_are_tried_in_a_day(staffed):
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


def test_the_role_is_given_by_nobody_but_whoever_gives_rights_and_a_name_stands_for_one_account(staffed):
    for caller in (callers.laboratory(4), volunteer(2)):
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


def test_an_operator_governs_programs_and_touches_nobody_s_account(staffed):
    staffed.submit(GIVE)
    caller = acting(staffed).caller
    with pytest.raises(NotFound):
        staffed.submit(EndProgram(program="nobody"), caller=caller)
    with pytest.raises(NotAllowed):
        staffed.submit(EraseAccount(volunteer=3), caller=caller)
    staffed.submit(EraseAccount(volunteer=2))  # whoever erases their account has no role any more
    assert acting(staffed) is None
    assert staffed.broken() == {}

"""`axiom volunteer`: lifetime totals from a file, new passwords, erasing, and the role of an operator."""

import io
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from furnished_lab import register

from axiom.boinc.account_keys import passwd_hash
from axiom.server.accounts.second_factor import picture_of
from axiom.server.accounts.stored_passwords import is_password
from axiom.signed.keys import make_secrets
from axiom.store.accounts import accounts
from axiom.store.credit import balance_check, ledger
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.views.credit import list_carried_credit

GRACE, SHY = 2, 3
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _open(lab):
    """The volunteers 1 to 3 came to the laboratory, so that it has the secret of their accounts."""
    make_secrets(lab.keys)
    db = connect_writer(lab.database)
    with db.transaction():
        for name in ("Ada", "Grace", "Shy"):
            register(SimpleNamespace(db=db, now=NOW), name)
    db.close()


@pytest.fixture
def ask(lab):
    def ask(question):
        db = connect_reader(lab.database)
        try:
            return question(db)
        finally:
            db.close()

    return ask


@pytest.fixture
def total(ask):
    def total(number: int) -> int:
        credit = ask(lambda db: ledger.find_balance(db, ledger.VOLUNTEER, number))
        return credit.total if credit else 0

    return total


@pytest.fixture
def bring(say, tmp_path):
    def bring(*lines: str, options: tuple[str, ...] = ("--json",), raw: bytes | None = None):
        file = tmp_path / "old.csv"
        file.write_bytes("\n".join(lines).encode() + b"\n" if raw is None else raw)
        return say("volunteer", "carry-over", file, *options)

    return bring


def test_a_file_is_carried_over_once_and_a_long_one_in_pieces(bring, total, ask):
    lines = ("email,number,credit,source", "SHY@lab.example,,12.3456,moon", f",{GRACE},7,moon", f",{GRACE},0,sun")
    assert bring(*lines, options=("--dry-run",))[0] == 0
    assert (total(SHY), ask(lambda db: list_carried_credit(db, SHY))) == (0, [])
    status, answer, _ = bring(*lines)
    rows = [
        {"volunteer": SHY, "source": "moon", "credit": 12.346},
        {"volunteer": GRACE, "source": "moon", "credit": 7.0},
    ]
    rest = {"kept": [], "unknown": [], "empty": [4], "dry_run": False}
    assert (status, answer["volunteers"]) == (0, {"carried": rows, "credit": 19.346, **rest})
    again = bring(*lines)[1]["volunteers"]
    assert (again["carried"], [row["kept"] for row in again["kept"]]) == ([], [12.346, 7.0])
    status, _, err = bring("number,credit", f"{SHY},9", options=("--source", "moon"))  # another amount is not taken
    assert status == 0
    assert "12.346" in err
    assert total(SHY) == 12_346
    assert total(GRACE) == 7_000
    assert ask(balance_check.list_ledger_problems) == []
    lines = ("email,credit,source", "nobody@lab.example,5,mars", "shy@lab.example,6,mars")
    assert (bring(*lines)[0], total(SHY)) == (3, 12_346)
    status, answer, _ = bring(*lines, options=("--known-only", "--json"))
    assert status == 0
    assert answer["volunteers"]["unknown"] == [2]
    assert total(SHY) == 18_346
    status, answer, _ = bring("number,credit,source", *(f"{GRACE},1,source {number}" for number in range(2_500)))
    assert (status, len(answer["volunteers"]["carried"]), total(GRACE)) == (0, 2_500, 2_507_000)  # it goes in pieces


def test_a_line_that_cannot_be_meant_refuses_the_file(bring, total):
    for lines, fact in (
        *((("number,credit,source", "3,x,moon"), "Line 2"), (("number,credit,source", "3,-5,moon"), "'-5'")),
        *((("number,credit,source", "3,1e3,moon"), "'1e3'"), (("number,credit,source", "3,NaN,moon"), "'NaN'")),
        (("number,credit,source", "3,1234567890123,moon"), "12 digits"),
        *((("number,credit,source", "x,5,moon"), "'x'"), (("number,credit,source", "3,5,"), "Line 2")),
        (("number,credit,source", "3,5,moon", "3,6,moon"), "Line 3"),
        *((("number,credit,source", "3,5,moon,more"), "fields"), (("number,credit,source", "3,5"), "fields")),
        (("number,email,credit,source", "3,shy@lab.example,5,moon"), "Line 2"),
        *((("number,email,credit,source", ",,5,moon"), "Line 2"), (("number,source", "3,moon"), "credit")),
        *((("credit,source", "3,moon"), "credit, source"), (("number,credit,sauce", "3,5,moon"), "sauce")),
        ((), "first line"),
    ):
        status, out, err = bring(*lines)
        assert status == 2, err
        assert out == "", err
        assert fact in err, err
    for raw in (b"\xff\xfe\x00number", b'number,credit,source\n3,5,"moon'):
        assert (bring(raw=raw)[0], total(SHY)) == (2, 0)


def test_somebody_gets_another_password(say, ask, lab):
    before = ask(lambda db: accounts.find_account(db, GRACE))[1]
    dry = say("volunteer", "new-password", GRACE, "--dry-run", "--json")[1]["volunteer"]
    assert (dry["password"], ask(lambda db: accounts.find_account(db, GRACE))[1]) == (None, before)
    shown = say("volunteer", "new-password", "grace@lab.example", "--json")[1]["volunteer"]
    assert shown["volunteer"] == GRACE
    now = ask(lambda db: accounts.find_account(db, GRACE))[1]
    assert is_password(now.password, passwd_hash(shown["password"], "grace@lab.example"))
    assert now.password_serial == before.password_serial + 1
    assert now.key_serial == before.key_serial  # what their computers hold goes on
    assert shown["password"] not in str(ask(lambda db: db.select("SELECT arguments, answer FROM audit")))
    dry = say("volunteer", "new-password", GRACE, "--dry-run")[1].split()[-1]
    typed = say("volunteer", "new-password", GRACE)[1].split()[-1]
    hashed = ask(lambda db: accounts.find_account(db, GRACE))[1].password
    assert [is_password(hashed, passwd_hash(text, "grace@lab.example")) for text in (dry, typed)] == [False, True]
    db = connect_writer(lab.database)
    with db.transaction():
        ours = accounts.find_laboratory_account(db, NOW)
    db.close()
    for who, status in (("4711", 3), ("nobody@lab.example", 3), ("9" * 40, 3), ("9" * 5_000, 3), (ours, 4)):
        assert say("volunteer", "new-password", who)[0] == status


def test_somebody_is_given_the_role_of_an_operator_and_loses_it(say, ask):
    give = ("volunteer", "operator", "grace", "--account", GRACE)
    dry = say(*give, "--dry-run", "--json")[1]["operator"]
    assert (dry["secret"], dry["address"]) == (None, None)
    for words, status in (
        (("grace",), 2),
        (("grace", "--account", "grace@lab.example", "--end"), 2),
        (("Grace Hopper", "--account", "grace@lab.example"), 2),
        (("grace", "--account", "nobody@lab.example"), 3),
        (("grace", "--end"), 3),
    ):
        assert say("volunteer", "operator", *words)[0] == status
    assert say("volunteer", "operators", "--json")[1] == {"operators": []}
    status, shown, told = say("volunteer", "operator", "grace", "--account", "grace@lab.example")
    assert status == 0
    assert shown.startswith("otpauth://totp/")
    assert picture_of(shown.strip())[1] in told
    assert "/operator/sign-in?show=" in told
    again = say(*give, "--json")[1]["operator"]
    assert again["volunteer"] == GRACE
    assert again["serial"] == 2
    assert again["secret"] in again["address"]
    assert again["secret"] not in shown  # the first one is worth nothing any more
    stored = ask(lambda db: db.select("SELECT arguments, answer FROM audit") + db.select("SELECT * FROM operator"))
    assert again["secret"] not in str(stored)
    (row,) = say("volunteer", "operators", "--json")[1]["operators"]
    assert (row["name"], row["volunteer"], row["ended_at"]) == ("grace", GRACE, None)
    assert say("volunteer", "operator", "grace", "--end")[0] == 0
    assert say("volunteer", "operators", "--json")[1]["operators"][0]["ended_at"]


def test_whoever_is_erased_has_no_address_any_more(say, ask, monkeypatch):
    def email() -> str | None:
        return ask(lambda db: accounts.find_account(db, GRACE))[1].email

    assert say("volunteer", "erase", "grace@lab.example", "--dry-run", "--json")[1]["volunteer"]["dry_run"] is True
    for typed in ("", "n\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert say("volunteer", "erase", GRACE)[0] != 0
    assert email() == "grace@lab.example"
    assert (say("volunteer", "erase", GRACE, "--yes")[0], email()) == (0, None)

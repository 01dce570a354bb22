"""`axiom volunteer` and `axiom team`: lists, one of each, and lifetime totals from a file."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from furnished_lab import HOSTILE, fill, register

from axiom.__main__ import _main
from axiom.boinc.account_keys import passwd_hash
from axiom.server.accounts.password_hashes import is_password
from axiom.signed.keys import make_secrets
from axiom.store.accounts import accounts
from axiom.store.credit import balance_check, ledger
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.views import hosts

GRACE, SHY = 2, 3


@pytest.fixture
def say(capsys):
    """Types a command about a laboratory; status, answer and what was said."""

    def typed(folder: Folder, *words: object):
        status = _main([*map(str, words), "--data", str(folder.path)])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in words and out else out), err

    return typed


@pytest.fixture
def lab(tmp_path, capsys):
    """A laboratory with keys of its own, in which the volunteers 1 to 3 have nothing yet."""
    folder = Folder(path=tmp_path / "lab")
    assert _main(["init", str(folder.path), "--port", "0", "--quiet"]) == 0
    capsys.readouterr()
    db = connect_writer(folder.database)
    with db.transaction():
        for name in ("Ada", "Grace", "Shy"):
            register(SimpleNamespace(db=db, now=datetime(2026, 3, 2, tzinfo=UTC)), name)
    db.close()
    return folder


@pytest.fixture
def bring(say, lab, tmp_path):
    """Has a file of these lines carried over."""

    def bring(*lines: str, options: tuple[str, ...] = (), raw: bytes | None = None):
        file = tmp_path / "old.csv"
        file.write_bytes("\n".join(lines).encode() + b"\n" if raw is None else raw)
        return say(lab, "volunteer", "carry-over", file, *options)

    return bring


def ask(lab, question):
    db = connect_reader(lab.database)
    try:
        return question(db)
    finally:
        db.close()


def total(lab, number: int) -> int:
    found = ask(lab, lambda db: ledger.balance(db, ledger.VOLUNTEER, number))
    return found.total if found else 0


def test_volunteers_and_teams_are_listed_as_on_their_pages(say, small_lab, prepared):
    fill(small_lab, prepared)
    here = small_lab.folder
    _, answer, _ = say(here, "volunteer", "list", "--json")
    assert [row["number"] for row in answer["volunteers"]] == [1, 2, 3]
    assert "12345.678" in say(here, "volunteer", "list")[1]
    _, answer, _ = say(here, "team", "list", "--json")
    assert [row["name"] for row in answer["teams"]] == [f"Lighthouse {HOSTILE}"]
    assert f"Grace {HOSTILE}" in say(here, "team", "list")[1]
    assert say(here, "team", "list", "--after", 1)[1] == "There is no team behind 1.\n"


def test_one_volunteer_and_one_team_are_shown(say, small_lab, prepared):
    fill(small_lab, prepared)
    here = small_lab.folder
    _, text, _ = say(here, "volunteer", "show", GRACE)
    assert "carried over  12345.678 from the old laboratory" in text
    assert "2 of 7" in text
    assert "lab.example" not in text
    assert say(here, "volunteer", "show", GRACE, "--json")[1]["volunteer"]["rank"] == 1
    _, text, _ = say(here, "team", "show", 1)
    assert "We keep watch." in text
    assert [row["number"] for row in say(here, "team", "show", 1, "--json")[1]["team"]["volunteers"]] == [1, 2]


def test_a_file_is_carried_over_once(bring, lab):
    lines = ("email,number,credit,source", "SHY@lab.example,,12.3456,moon", f",{GRACE},7,moon", f",{GRACE},0,sun")
    status, answer, _ = bring(*lines, options=("--json",))
    assert status == 0
    assert answer["volunteers"] == {
        "carried": [
            {"volunteer": SHY, "source": "moon", "credit": 12.346},
            {"volunteer": GRACE, "source": "moon", "credit": 7.0},
        ],
        "credit": 19.346,
        "kept": [],
        "unknown": [],
        "empty": [4],
        "dry_run": False,
    }
    assert (total(lab, SHY), total(lab, GRACE)) == (12_346, 7_000)
    again = bring(*lines, options=("--json",))[1]["volunteers"]
    assert (again["carried"], [row["kept"] for row in again["kept"]]) == ([], [12.346, 7.0])
    assert (total(lab, SHY), total(lab, GRACE)) == (12_346, 7_000)
    assert ask(lab, balance_check.problems) == []


def test_another_amount_from_the_same_source_is_said_and_not_taken(bring, lab):
    bring("number,credit", f"{SHY},5", options=("--source", "moon"))
    status, _, err = bring("number,credit", f"{SHY},9", options=("--source", "moon"))
    assert status == 0
    assert "volunteer 3: 5.000 from moon stays; 9.000 was asked." in err
    assert total(lab, SHY) == 5_000


def test_a_dry_run_carries_nothing_over(bring, lab):
    status, _, err = bring("number,credit,source", f"{SHY},5,moon", options=("--dry-run",))
    assert status == 0, err
    assert "1 carried over (dry run), 5.000 in all" in err
    assert total(lab, SHY) == 0
    assert ask(lab, lambda db: hosts.carried(db, SHY)) == []


def test_who_has_no_account_yet_may_be_left_out(bring, lab):
    lines = ("email,credit,source", "nobody@lab.example,5,moon", "shy@lab.example,6,moon")
    status, _, err = bring(*lines)
    assert status == 3
    assert "1 rows are of volunteers who have no account here: line 2. No credit was carried over." in err
    assert total(lab, SHY) == 0
    status, answer, _ = bring(*lines, options=("--known-only", "--json"))
    assert (status, answer["volunteers"]["unknown"], total(lab, SHY)) == (0, [2], 6_000)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("number,credit,source", "3,x,moon"), "Line 2: the credit 'x' is not a number like 12345.678"),
        (("number,credit,source", "3,-5,moon"), "Line 2: the credit '-5' is not a number"),
        (("number,credit,source", "3,1e3,moon"), "Line 2: the credit '1e3' is not a number"),
        (("number,credit,source", "3,NaN,moon"), "Line 2: the credit 'NaN' is not a number"),
        (("number,credit,source", "3,1234567890123,moon"), "at most 12 digits"),
        (("number,credit,source", "x,5,moon"), "Line 2: 'x' is no volunteer's number"),
        (("number,credit,source", "3,5,"), "Line 2 does not say where its credit is from"),
        (("number,credit,source", "3,5,moon", "3,6,moon"), "Line 3 names a volunteer and a source that an earlier"),
        (("number,credit,source", "3,5,moon,more"), "Line 2 has another number of fields"),
        (("number,credit,source", "3,5"), "Line 2 has another number of fields"),
        (("number,email,credit,source", "3,shy@lab.example,5,moon"), "Line 2 must name its volunteer by a number or"),
        (("number,email,credit,source", ",,5,moon"), "Line 2 must name its volunteer by a number or"),
        (("number,source", "3,moon"), "The first line must name the columns: credit"),
        (("credit,source", "3,moon"), "It names credit, source."),
        (("number,credit,sauce", "3,5,moon"), "It names number, credit, sauce."),
        ((), "The first line must name the columns"),
    ],
)
def test_a_line_that_cannot_be_meant_refuses_the_file(bring, lab, lines, said):
    status, out, err = bring(*lines)
    assert (status, out) == (2, "")
    assert said in err
    assert "No credit was carried over." in err
    assert total(lab, SHY) == 0


def test_a_file_that_is_no_text_is_refused(bring):
    status, _, err = bring(raw=b"\xff\xfe\x00number")
    assert status == 2
    assert "cannot be read as CSV in UTF-8" in err


def test_a_long_file_is_carried_over_in_pieces(bring, lab):
    lines = [f"{SHY},1,source {number}" for number in range(2_500)]
    status, answer, _ = bring("number,credit,source", *lines, options=("--json",))
    assert (status, len(answer["volunteers"]["carried"]), total(lab, SHY)) == (0, 2_500, 2_500_000)


@pytest.fixture
def open_lab(lab):
    """A laboratory to which volunteers came, so that it has the secret of their accounts."""
    make_secrets(lab.keys)
    return lab


def test_somebody_who_forgot_their_password_gets_another_one(say, open_lab):
    lab = open_lab
    before = ask(lab, lambda db: accounts.by_id(db, GRACE))[1]
    status, shown, err = say(lab, "volunteer", "new-password", "grace@lab.example", "--json")
    assert not err
    assert status == 0
    found = shown["volunteer"]
    assert found["volunteer"] == GRACE
    now = ask(lab, lambda db: accounts.by_id(db, GRACE))[1]
    assert is_password(now.password, passwd_hash(found["password"], "grace@lab.example"))
    assert now.password_serial == before.password_serial + 1
    assert now.key_serial == before.key_serial  # what their computers hold goes on
    assert found["password"] not in str(ask(lab, lambda db: db.select("SELECT arguments, answer FROM audit")))
    status, other, _ = say(lab, "volunteer", "new-password", GRACE)
    assert status == 0
    assert f"volunteer  {GRACE}" in other
    assert found["password"] not in other


def test_a_dry_run_gives_no_password(say, open_lab):
    lab = open_lab
    before = ask(lab, lambda db: accounts.by_id(db, GRACE))
    status, shown, _ = say(lab, "volunteer", "new-password", GRACE, "--dry-run", "--json")
    assert (status, shown["volunteer"]["password"]) == (0, None)
    assert ask(lab, lambda db: accounts.by_id(db, GRACE)) == before


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("4711", "There is no volunteer with the number '4711'"),
        ("nobody@lab.example", "There is no volunteer with the address 'nobody@lab.example'"),
        ("9" * 40, "There is no volunteer with the address"),
    ],
)
def test_nobody_unknown_gets_a_password(say, lab, who, said):
    status, _, err = say(lab, "volunteer", "new-password", who)
    assert status != 0
    assert said in err


def test_somebody_is_erased_when_the_operator_is_sure(say, open_lab):
    lab = open_lab
    status, shown, _ = say(lab, "volunteer", "erase", "grace@lab.example", "--dry-run", "--json")
    assert (status, shown["volunteer"]["dry_run"]) == (0, True)
    status, _, err = say(lab, "volunteer", "erase", GRACE)
    assert status != 0
    assert f"of volunteer {GRACE} would be gone, and nobody could undo it" in err
    assert ask(lab, lambda db: accounts.by_id(db, GRACE))[1].email == "grace@lab.example"
    status, _, err = say(lab, "volunteer", "erase", GRACE, "--yes")
    assert status == 0
    assert f"Volunteer {GRACE} is erased" in err
    assert "Older backups and the journal hold the account" in err
    assert ask(lab, lambda db: accounts.by_id(db, GRACE))[1].email is None


def test_the_laboratory_itself_gets_no_password(say, lab):
    db = connect_writer(lab.database)
    with db.transaction():
        ours = accounts.ourselves(db, datetime(2026, 3, 2, tzinfo=UTC))
    db.close()
    status, _, err = say(lab, "volunteer", "new-password", ours)
    assert status != 0
    assert "is no person who signs in" in err


def test_somebody_gets_the_role_of_an_operator_and_loses_it(say, open_lab):
    lab = open_lab
    assert "Nobody acts as operator" in say(lab, "volunteer", "operators")[1]
    status, shown, err = say(lab, "volunteer", "operator", "grace", "--account", "grace@lab.example")
    assert (status, shown.startswith("otpauth://totp/"), "shown once" in err) == (0, True, True)
    again = say(lab, "volunteer", "operator", "grace", "--account", GRACE, "--json")[1]["operator"]
    assert (again["volunteer"], again["serial"]) == (GRACE, 2)
    assert again["secret"] in again["address"]
    assert again["secret"] not in shown  # the first one is worth nothing any more
    stored = str(
        ask(lab, lambda db: db.select("SELECT arguments, answer FROM audit") + db.select("SELECT * FROM operator"))
    )
    assert again["secret"] not in stored
    (one,) = say(lab, "volunteer", "operators", "--json")[1]["operators"]
    assert (one["name"], one["volunteer"], one["ended_at"]) == ("grace", GRACE, None)
    assert say(lab, "volunteer", "operator", "grace", "--end")[0] == 0
    assert say(lab, "volunteer", "operators", "--json")[1]["operators"][0]["ended_at"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("grace",), 2),
        (("grace", "--account", "grace@lab.example", "--end"), 2),
        (("Grace Hopper", "--account", "grace@lab.example"), 2),
        (("grace", "--account", "nobody@lab.example"), 3),
        (("grace", "--end"), 3),
    ],
)
def test_a_role_that_cannot_be_given_or_taken_is_refused(say, open_lab, words, status):
    assert say(open_lab, "volunteer", "operator", *words)[0] == status
    assert say(open_lab, "volunteer", "operators", "--json")[1] == {"operators": []}


def test_a_dry_run_gives_no_role_and_shows_no_secret(say, open_lab):
    shown = say(open_lab, "volunteer", "operator", "grace", "--account", GRACE, "--dry-run", "--json")[1]["operator"]
    assert (shown["secret"], shown["address"]) == (None, None)
    assert say(open_lab, "volunteer", "operators", "--json")[1] == {"operators": []}

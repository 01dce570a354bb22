import gzip
import os
import re
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.boinc import account_keys
from axiom.domain.credit import Award, Tariff
from axiom.server.accounts import statistics_files
from axiom.server.accounts.erase import forget_volunteer
from axiom.server.accounts.statistics_files import NAMES, StatisticsFiles
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger, tariffs
from axiom.store.engine.database import to_microseconds


@pytest.fixture
def lab(busy_lab):
    """Volunteer 1 is the laboratory's own. Ann agreed to appear, Bob did not, Cy hides his hosts."""
    db, now = busy_lab.db, busy_lab.now
    with db.transaction():
        for name, is_exported, shows_hosts in (("Ann & Co", True, True), ("Bob", False, True), ("Cy", True, False)):
            number = accounts.create_account(
                db, name=name, email=f"{name[0]}@mail.example".lower(), password=STORED, cross_id="internal", now=now
            )
            accounts.set_profile(
                db, number, name=name, country="Norway", website="", is_exported=is_exported, shows_hosts=shows_hosts
            )
            db.execute(
                "INSERT INTO host (volunteer_id, name, system, processor, instructions, cores, memory_mb, created_at,"
                " seen_at, cpid, facts, gpus) VALUES (:id, :name, 'linux', 'x86_64', 'avx2', 4, 1000, :now, :now,"
                " 'hostcpid', :facts, :gpus)",
                id=number,
                name=f"canary {name}",
                now=now,
                facts='{"vendor": "<b>", "model": "m", "cores_all": 8, "memory_bytes_all": 2e9}',
                gpus='[["NVIDIA", 2, 8000, "RTX [9]|x"]]',
            )
        team = teams.create_team(db, name="Owls", founder_id=2, country="", website="", about="", now=now)
        accounts.set_volunteer_team(db, 2, team)
        tariff = tariffs.add_tariff(db, TARIFF, now)
        given = [
            Award(task_id=1, reason="a", host_id=2, volunteer_id=2, team_id=team, amount=1_234_567, because=""),
            Award(task_id=1, reason="b", host_id=3, volunteer_id=3, amount=7_000, because=""),
            Award(task_id=1, reason="c", host_id=4, volunteer_id=4, amount=1, because=""),
        ]
        ledger.book_awards(db, given, tariff_id=tariff, now=now)
    return busy_lab


STORED = "what is stored of a password"
TARIFF = Tariff(name="t", version=9, per_core_second=1)


def written(lab) -> dict[str, str]:
    files = StatisticsFiles(lab.folder, lambda: lab.now, rest=lambda: None)
    files.write()
    bodies = {name: files.read(name) for name in NAMES}
    return {
        name: (gzip.decompress(body) if name.endswith(".gz") else body).decode("iso-8859-1")
        for name, body in bodies.items()
    }


def test_an_empty_team_without_credit_is_in_no_file_and_no_credit_says_nothing(lab):
    words = {"country": "buy", "website": "https://buy.example", "about": "Buy."}
    with lab.db.transaction():
        empty, left, new, late = (
            teams.create_team(lab.db, name=name, founder_id=number, **words, now=lab.now)
            for name, number in (("Empty", 1), ("Left", 2), ("New", 1), ("Late", 4))
        )
        award = Award(task_id=2, reason="a", host_id=2, volunteer_id=2, team_id=left, amount=1, because="")
        ledger.book_awards(lab.db, [award], tariff_id=1, now=lab.now)
        accounts.set_volunteer_team(lab.db, 1, new)
        accounts.set_volunteer_team(lab.db, 4, late)
    texts = written(lab)
    assert re.findall(r"<name>(.*)</name>", texts["team.gz"]) == ["Owls", "Left", "New", "Late"]
    assert texts["team.gz"].count("<url>https://buy.example</url>") == 2
    assert "<nteams_total>4</nteams_total>" in texts["tables.xml"]
    assert empty not in (left, new, late)


def test_the_files_hold_who_agreed_alone_and_long_lists_are_written_in_parts(lab, monkeypatch):
    texts = written(lab)
    assert re.findall(r"<name>(.*)</name>", texts["user.gz"]) == ["Ann &amp; Co", "Cy"]
    assert re.findall(r"<total_credit>(.*)</total_credit>", texts["user.gz"]) == ["1234.567", "0.001"]
    assert re.findall(r"<userid>(.*)</userid>", texts["host.gz"]) == ["2"]  # whose hosts are hidden has no name there
    assert re.findall(r"<id>(.*)</id>", texts["host.gz"]) == ["2", "4"]
    assert re.findall(r"<name>(.*)</name>", texts["team.gz"]) == ["Owls"]
    assert "<founder_name>Ann &amp; Co</founder_name>" in texts["team.gz"]
    for fact in ("<nusers_total>2<", "<nhosts_total>2<", "<nteams_total>1<", "<total_credit>1234.568<", "tiny_sum"):
        assert fact in texts["tables.xml"]
    assert "<p_vendor>&lt;b&gt;</p_vendor>" in texts["host.gz"]
    assert re.findall(r"<coprocs>(.*)</coprocs>", texts["host.gz"]) == ["[CUDA|RTX  9  x|2|8000MB|]"] * 2
    rests = []
    monkeypatch.setattr(statistics_files, "_PAGE", 1)
    files = StatisticsFiles(lab.folder, lambda: lab.now, rest=lambda: rests.append(1))
    files.write()
    assert gzip.decompress(files.read("user.gz")).decode("iso-8859-1") == texts["user.gz"]
    assert gzip.decompress(files.read("host.gz")).decode("iso-8859-1") == texts["host.gz"]
    assert len(rests) == 7


def test_who_is_erased_is_only_in_the_file_to_forget_and_later_work_goes_to_others(lab):
    lab.db.execute("UPDATE host SET volunteer_id = 2 WHERE id = 1")
    waiting = lab.db.row("SELECT deadline FROM task WHERE id = 2")["deadline"]
    with lab.db.transaction():
        assert forget_volunteer(lab.db, *accounts.find_account(lab.db, 2), lab.now) == 1
    assert lab.db.row("SELECT deadline FROM task WHERE id = 2")["deadline"] == to_microseconds(lab.now) < waiting
    assert lab.db.row("SELECT total FROM balance WHERE holder = 'volunteer' AND holder_id = 2")["total"] == 1_234_567
    with lab.db.transaction():
        forget_volunteer(
            lab.db, *accounts.find_account(lab.db, 3), lab.now
        )  # Bob was in no file, so that nobody has to forget him
    texts = written(lab)
    assert re.findall(r"<name>(.*)</name>", texts["user.gz"]) == ["Cy"]
    assert re.findall(r"<id>(.*)</id>", texts["host.gz"]) == ["4"]
    ann = account_keys.external_cpid("internal", "a@mail.example")
    host = account_keys.exported_host_cpid("hostcpid", "a@mail.example")
    deleted = f"<users_deleted>\n<user>\n <id>2</id>\n <cpid>{ann}</cpid>\n</user>\n</users_deleted>"
    assert deleted in texts["user_deleted.gz"]
    assert f"<host>\n <id>2</id>\n <host_cpid>{host}</host_cpid>\n</host>" in texts["host_deleted.gz"]
    assert [name for name in NAMES if "Ann" in texts[name] or "Bob" in texts[name]] == []
    lab.later(days=61)
    assert "<user>" not in written(lab)["user_deleted.gz"]
    forget_volunteer(lab.db, *accounts.find_account(lab.db, 4), lab.now)
    assert [row["number"] for row in lab.db.select("SELECT number FROM tombstone")] == [4, 4]


def test_stamps_are_told_of_who_agreed_with_the_file_in_which_each_was_first(lab):
    with lab.db.transaction():
        for number in (2, 3, 4):  # Bob is in no file
            award = Award(task_id=1, reason="computed", host_id=number, volunteer_id=number, amount=1, because="")
            ledger.book_awards(lab.db, [replace(award, task_id=number - 1)], tariff_id=1, now=lab.now)
    first = written(lab)
    begun = int(lab.now.timestamp())
    one = "<badge_user>\n <user_id>{}</user_id>\n <badge_id>1</badge_id>\n <create_time>{}</create_time>\n</badge_user>"
    held = [one.format(number, begun) for number in (2, 4)]
    assert first["badge_user.gz"].endswith("<badge_users>\n" + "\n".join(held) + "\n</badge_users>\n")
    names = re.findall(r"<id>(.*)</id>\n<name>(.*)</name>\n<title>", first["tables.xml"])
    assert (len(names), names[0]) == (9, ("1", "first"))
    lab.later(days=366)
    later = written(lab)["badge_user.gz"]
    assert [text in later for text in held] == [True, True]  # the first stays as old as it was
    year = one.replace(">1<", ">9<").format(2, int(lab.now.timestamp()))
    assert year in later


@pytest.mark.parametrize("what", ["is_exported = 0", "is_simulated = 1", "email = NULL"])
def test_a_team_whose_founder_is_in_no_file_names_nobody(lab, what):
    assert "<userid>2</userid>" in written(lab)["team.gz"]
    lab.db.execute(f"UPDATE volunteer SET {what} WHERE id = 2")  # noqa: S608  the test's own words
    texts = written(lab)["team.gz"]
    assert re.findall(r"<name>(.*)</name>", texts) == ["Owls"]
    assert "<userid>0</userid>" in texts
    assert "<founder_name></founder_name>" in texts
    assert "Ann" not in texts


def test_files_are_written_when_missing_and_once_a_day_and_never_seen_by_half(lab):
    files = StatisticsFiles(lab.folder, lambda: lab.now, rest=lambda: None)
    assert files.read("user.gz") is None
    assert files.write_if_due()
    for name in NAMES:
        os.utime(lab.folder.statistics / name, (lab.now.timestamp(), lab.now.timestamp()))
    assert not files.write_if_due()
    lab.now += timedelta(hours=24)
    assert files.write_if_due()
    (lab.folder.statistics / "host.gz").unlink()
    assert files.write_if_due()
    broken, over = [], threading.Event()

    def look():
        while not over.is_set():
            try:
                gzip.decompress(files.read("user.gz") or b"gone")
            except (EOFError, OSError) as error:
                broken.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(20):
        files.write()
    over.set()
    reader.join()
    assert broken == []

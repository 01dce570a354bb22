"""Dumps that MariaDB wrote of an invented project, whole and damaged; `make_dumps.py` says who is in it."""

import gzip
import io
import random
import re
import sys
from types import SimpleNamespace

import make_dumps
import pytest
from make_dumps import DUMPS, OLDER_ROWS, ROWS
from mutated_dumps import COMPLETED, cut_dumps, mutated_dumps, short_rows

from axiom.errors import NotFound, Refused
from axiom_adopt.dump import Dump, open_dump
from axiom_adopt.old_server_records import (
    IN_PROGRESS,
    KINDS,
    UNSENT,
    App,
    Consent,
    Host,
    HostDeleted,
    Result,
    Team,
    User,
    UserDeleted,
)


def text_of(name):
    return gzip.decompress((DUMPS / f"{name}.sql.gz").read_bytes())


HEX, TEXT = text_of("project-hex"), text_of("project-text")
LATIN, DOUBLY = ((DUMPS / f"older-{name}.sql").read_bytes() for name in ("latin1", "doubly-encoded"))


def read(text, *kinds, **how):
    return list(Dump(io.BytesIO(text), **how).read(*(kinds or KINDS)))


def as_mysql(text):
    """As the other program writes it: a statement on one line, and a word before bytes."""
    text = re.sub(rb"(INSERT INTO `\w+` VALUES)\n", rb"\1 ", text)
    return re.sub(rb"\),\n\(", b"),(", text).replace(b",'<", b",_binary '<")


def with_columns(text):
    """As --complete-insert writes it, with columns in another order than that of their description."""
    tables = re.findall(rb"TABLE `(\w+)` \((.*?)\n\)", text, re.DOTALL)
    created = {name: re.findall(rb"\n  `(\w+)`", body) for name, body in tables}
    named = re.sub(
        rb"INSERT INTO `(\w+)`",
        lambda head: head[0] + b" (" + b", ".join(b"`%b`" % column for column in created[head[1]]) + b")",
        text,
    )
    return re.sub(rb"(  `name` .*\n)(  `\w+` .*\n)", rb"\2\1", named)


def stored(value):
    return value.encode() if isinstance(value, str) else value or b""


@pytest.mark.parametrize("text", [HEX, TEXT], ids=["hex", "text"])
@pytest.mark.parametrize("kind", [User, Host, Team, Consent, UserDeleted, HostDeleted, App])
def test_rows_are_those_that_were_put_into_the_database(text, kind):
    rows = [row for row in ROWS[kind.table] if row.get("id") != 40]
    records = read(text, kind)
    assert len(records) == len(rows)
    for record, row in zip(records, rows, strict=True):
        assert record.doubtful == ()
        for name, value in row.items():
            if hasattr(record, name):
                kept = getattr(record, name)
                assert kept == (stored(value) if isinstance(kept, bytes) else "" if value is None else value), name


def test_however_a_dump_is_written_its_rows_are_the_same():
    records = read(HEX)
    assert len(records) == len({(record.table, record.line) for record in records}) == 47
    for text in (TEXT, as_mysql(HEX), as_mysql(TEXT), with_columns(HEX), HEX.replace(b"\n", b"\r\n")):
        assert read(text) == records


def test_only_unfinished_results_are_read():
    results = read(TEXT, Result)
    assert [(result.id, result.server_state) for result in results] == [
        *((number, IN_PROGRESS) for number in range(1, 7)),
        *((number, UNSENT) for number in (7, 8)),
    ]
    assert results[4].report_deadline == make_dumps.CUT_OVER - make_dumps.DAY


def test_merged_hosts_and_deleted_accounts_are_told():
    assert {host.id: host.merged_into for host in read(TEXT, Host) if host.merged_into} == {3: 4, 4: 5, 9: 77}
    assert [user.id for user in read(TEXT, User) if user.is_deleted] == [5]


def test_a_dump_is_read_again_and_named_by_its_text(tmp_path, monkeypatch):
    plain = tmp_path / "dump.sql"
    plain.write_bytes(TEXT)
    digests = set()
    for path in (plain, DUMPS / "project-text.sql.gz"):
        with open_dump(path) as dump:
            assert dump.digest == ""
            assert list(dump.read(Team)) == list(dump.read(Team)) == read(HEX, Team)
            assert dump.next_ids["user"] == 41  # of person 40 nothing else is left
            assert dump.absent == ()
            digests.add(dump.digest)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(gzip.compress(TEXT))))
    with open_dump(plain.with_name("-").relative_to(tmp_path)) as dump:
        assert list(dump.read(Team)) == list(dump.read(Team)) == read(HEX, Team)
        assert digests == {dump.digest}
    with pytest.raises(NotFound), open_dump(tmp_path / "none.sql"):
        pass


def test_a_dump_that_changes_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "dump.sql"
    path.write_bytes(TEXT)
    with open_dump(path) as dump:
        list(dump.read(Team))
        path.write_bytes(TEXT.replace(b"Orphans", b"Orphan5"))
        with pytest.raises(Refused):
            list(dump.read(Team))


def test_an_older_server_lacks_tables_and_columns():
    dump = Dump(io.BytesIO(LATIN))
    hosts = [record for record in dump.read(*KINDS) if isinstance(record, Host)]
    tables = ("consent", "consent_type", "user_deleted", "host_deleted")
    assert dump.absent == tables
    assert [(host.id, host.p_ncpus) for host in hosts] == [(1, 4), (2, 4)]


def test_text_of_an_older_server_is_utf8_or_doubtful():
    users = read(LATIN, User)
    names = [row["name"] for row in OLDER_ROWS["user"]]
    assert [user.name for user in users] == [name if isinstance(name, str) else name.decode("cp1252") for name in names]
    assert [user.doubtful for user in users] == [(), (), ("name",), ()]


def test_utf8_twice_over_is_refused_or_set_right():
    with pytest.raises(Refused, match=r"line [0-9,]+, table user: name"):
        read(DOUBLY, User)
    repaired = read(DOUBLY, User, is_repairing=True)
    assert [user.name for user in repaired] == [user.name for user in read(LATIN, User)]
    assert [user.doubtful for user in repaired] == [(), ("name", "country"), (), ("name",)]


def test_a_cut_dump_is_refused():
    chance = random.Random(5)
    packed = gzip.compress(TEXT)
    for text in (HEX, TEXT, LATIN, packed):
        for cut in cut_dumps(text, chance, 60):
            with pytest.raises(Refused):
                read(cut, App)
    for end in range(1, len(COMPLETED) + 1):
        with pytest.raises(Refused):
            read(TEXT[:-end])
    with pytest.raises(Refused):
        read(packed[:-1])


def test_a_damaged_dump_is_refused_or_has_rows():
    chance = random.Random(7)
    ends = set()
    for text in (HEX, TEXT, LATIN):
        for changed in mutated_dumps(short_rows(text), chance, 150):
            try:
                ends.add(bool(read(changed)))
            except Refused:
                ends.add(None)
    assert ends == {True, None}


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        (b"DROP TABLE IF EXISTS `team`", b"DELETE FROM `workunit`", "line"),
        (b"CREATE TABLE `workunit`", b"CREATE TABLE `work_unit`", "table workunit"),
        (b"INSERT INTO `app` VALUES\n(1,", b"INSERT INTO `app` VALUES\n('one',", "line [0-9]+, table app: id"),
        (b"INSERT INTO `app` VALUES\n(1,", b"INSERT INTO `app` VALUES\n(0,", "line [0-9]+, table app: id"),
        (b"INSERT INTO `app` VALUES\n(1,", b"INSERT INTO `app` VALUES\n(NULL,", "line [0-9]+, table app: id"),
        (b"INSERT INTO `app` VALUES\n(1,", b"INSERT INTO `app` VALUES\n(9223372036854775808,", "table app: id"),
        (b"INSERT INTO `app` VALUES\n(1,", b"INSERT INTO `app` VALUES\n(1,1,", "table app"),
        (b",1234567.931168,", b",1e999,", "table user: total_credit"),
        (b",1234567.931168,", b",1-2,", "table user: total_credit"),
        (b"'Olga Operator'", b"'Olga \\Operator'", "table user"),
        (b"'Olga Operator'", b"'Olga\nINSERT INTO `user` VALUES (1)'", "table user"),
        (b"INSERT INTO `user` VALUES\n", b"/*INSERT INTO `user` VALUES\n", "line"),
        (b"INSERT INTO `user` VALUES\n", b"--INSERT INTO `user` VALUES\n", "line"),
        (b"  `server_state`", b"  `serverstate`", "table result: server_state"),
        (b"  `email_addr`", b"  `e_mail`", "table user: email_addr"),
        (b"/*!40000 ALTER TABLE `user` DISABLE KEYS */;", b"/*!40000 ALTER TABLE `user` DISABLE KEYS *;", "line"),
        (b"DROP TABLE IF EXISTS `host`;", b"CREATE TABLE `app` (\n  `id` int\n);", "table app"),
        (b"AUTO_INCREMENT=41", b"AUTO_INCREMENT=9999999999999999999", "table user"),
        (b"SET NAMES utf8mb4", b"SET NAMES utf8", "table app: signs"),
        (b"-- Dump completed\n", b"-- Dump completed\nSELECT 1;\n", "line"),
    ],
)
def test_what_no_server_writes_is_refused_with_its_place(before, after, where):
    assert before in TEXT
    with pytest.raises(Refused, match=where):
        read(TEXT.replace(before, after, 1))


def test_a_dump_with_its_date_is_whole():
    assert read(TEXT.replace(COMPLETED, b"-- Dump completed on 2026-11-23  9:05:01\n"), Team) == read(TEXT, Team)


def test_a_dump_without_a_table_that_is_needed_is_refused():
    without = re.sub(rb"DROP TABLE IF EXISTS `team`.*?UNLOCK TABLES;", b"", TEXT, flags=re.DOTALL)
    with pytest.raises(Refused, match="team"):
        read(without, User)


def test_what_is_too_long_is_refused(monkeypatch):
    for name, longest in (("LONGEST_LINE", 60_000), ("LONGEST_FIELD", 60_000)):
        with monkeypatch.context() as patch:
            patch.setattr(f"axiom_adopt.dump_syntax.{name}", longest)
            with pytest.raises(Refused, match="table user"):
                read(TEXT)

"""The statistics files, read back as a credit site does."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from axiom.boinc.exports import (
    ExportedCredit,
    ExportedHost,
    ExportedTeam,
    ExportedVolunteer,
    Tables,
    hosts_xml,
    tables_xml,
    teams_xml,
    volunteers_xml,
)

CREDIT = ExportedCredit(total=1_234_567, recent=12.5, recent_at=1_772_000_000.25)
ANN = ExportedVolunteer(id=1, name="Ann", created_at=1_771_000_000, credit=CREDIT, cpid="ab" * 16)
HOST = ExportedHost(
    id=5,
    volunteer_id=1,
    credit=CREDIT,
    vendor="AuthenticAMD",
    model="EPYC",
    os_name="Linux",
    os_version="Debian 12",
    created_at=3,
    seen_at=4,
    cores=8,
    flops=1e9,
    memory_bytes=8e9,
    cpid="cd" * 16,
)


def facts(body: ET.Element) -> dict[str, str | None]:
    return {each.tag: each.text for each in body}


def test_the_tables_say_what_the_files_hold():
    tables = Tables(
        updated_at=1_772_000_000, volunteers=2, teams=1, hosts=3, total_credit=1_234_567, experiments=("a & b", "c")
    )
    body = tables_xml(tables)
    assert body.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<tables>')
    root = ET.fromstring(body)
    assert [each.text for each in root.findall("applications/application/name")] == ["a & b", "c"]
    assert {tag: text for tag, text in facts(root).items() if tag != "applications"} == {
        "update_time": "1772000000",
        "nusers_total": "2",
        "nteams_total": "1",
        "nhosts_total": "3",
        "total_credit": "1234.567",
    }


def test_a_volunteer_is_written_with_what_there_is():
    bea = ExportedVolunteer(
        id=2,
        name="Bea <3",
        created_at=5,
        credit=CREDIT,
        cpid="ef" * 16,
        country="Peru",
        website="https://example.org/?a&b",
        team_id=9,
    )
    first, second = ET.fromstring(b"".join(volunteers_xml([ANN, bea])))
    assert facts(first) == {
        "id": "1",
        "name": "Ann",
        "create_time": "1771000000",
        "total_credit": "1234.567",
        "expavg_credit": "12.500000",
        "expavg_time": "1772000000.250000",
        "cpid": "ab" * 16,
    }
    assert (
        facts(second).items()
        >= {
            "name": "Bea <3",
            "country": "Peru",
            "url": "https://example.org/?a&b",
            "teamid": "9",
        }.items()
    )


def test_a_team_is_written():
    team = ExportedTeam(
        id=9,
        name="The Team",
        founder_id=2,
        founder_name="Bea",
        created_at=6,
        credit=CREDIT,
        description="We <b>compute</b>.",
    )
    (written,) = ET.fromstring(b"".join(teams_xml([team])))
    assert facts(written) == {
        "id": "9",
        "type": "1",
        "name": "The Team",
        "userid": "2",
        "total_credit": "1234.567",
        "expavg_credit": "12.500000",
        "expavg_time": "1772000000.250000",
        "founder_name": "Bea",
        "create_time": "6",
        "description": "We <b>compute</b>.",
        "country": None,
    }


def test_a_host_names_its_volunteer_only_when_it_may():
    shown, hidden = ET.fromstring(
        b"".join(hosts_xml([HOST, replace(HOST, volunteer_id=None, coprocessors="[CUDA|x|1]")]))
    )
    assert shown.findtext("userid") == "1"
    assert hidden.find("userid") is None
    assert (shown.find("coprocs"), hidden.findtext("coprocs")) == (None, "[CUDA|x|1]")
    assert (
        facts(shown).items()
        >= {
            "id": "5",
            "p_vendor": "AuthenticAMD",
            "os_version": "Debian 12",
            "ncpus": "8",
            "rpc_time": "4",
            "p_fpops": "1000000000.000000",
            "m_nbytes": "8000000000.000000",
            "host_cpid": "cd" * 16,
        }.items()
    )


def test_a_file_of_nobody_is_still_a_file():
    assert [ET.fromstring(b"".join(each([]))).tag for each in (volunteers_xml, teams_xml, hosts_xml)] == [
        *("users", "teams", "hosts")
    ]


PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))


@given(name=PRINTABLE)
def test_every_name_comes_back_as_it_was(name):
    body = b"".join(volunteers_xml([replace(ANN, name=name)]))
    assert body.isascii()
    assert (ET.fromstring(body).findtext("user/name") or "") == name


@given(name=st.text())
def test_no_name_breaks_the_file(name):
    assert ET.fromstring(b"".join(volunteers_xml([replace(ANN, name=name)]))).findtext("user/id") == "1"


@given(amounts=st.lists(st.integers(-(10**15), 10**18)))
def test_the_sum_over_the_file_is_the_ledger_s_to_the_last_thousandth(amounts):
    volunteers = [replace(ANN, credit=replace(CREDIT, total=amount)) for amount in amounts]
    root = ET.fromstring(b"".join(volunteers_xml(volunteers)))
    written = [Decimal(each.text or "") for each in root.iter("total_credit")]
    assert sum(written) * 1_000 == sum(amounts)

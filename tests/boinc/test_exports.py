"""The statistics files, read back as a credit site does."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from decimal import Decimal

from hypothesis import example, given
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
from axiom.boinc.xml import escaped, in_ascii

CREDIT = ExportedCredit(total=1_234_567, recent=12.5, recent_at=1_772_000_000.25)
WRITTEN_CREDIT = {"total_credit": "1234.567", "expavg_credit": "12.500000", "expavg_time": "1772000000.250000"}
ANN = ExportedVolunteer(id=1, name="Ann", created_at=1_771_000_000, credit=CREDIT, cpid="ab" * 16)


def facts(body: ET.Element) -> dict[str, str | None]:
    return {element.tag: element.text for element in body}


def test_the_tables_say_what_the_files_hold():
    assert [ET.fromstring(b"".join(empty([]))).tag for empty in (volunteers_xml, teams_xml, hosts_xml)] == [
        *("users", "teams", "hosts")
    ]
    amounts = {"volunteers": 2, "teams": 1, "hosts": 3, "total_credit": 1_234_567}
    tables = Tables(updated_at=1_772_000_000, experiments=("a & b", "c"), **amounts)
    body = tables_xml(tables)
    assert body.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<tables>')
    root = ET.fromstring(body)
    assert [name.text for name in root.findall("applications/application/name")] == ["a & b", "c"]
    assert {tag: text for tag, text in facts(root).items() if tag != "applications"} == {
        **{f"n{what}_total": number for what, number in (("users", "2"), ("teams", "1"), ("hosts", "3"))},
        "update_time": "1772000000",
        "total_credit": "1234.567",
    }


def test_volunteers_and_teams_are_written_with_what_there_is():
    elsewhere = {"country": "Peru", "website": "https://example.org/?a&b", "team_id": 9}
    bea = replace(ANN, id=2, name="Bea <3", **elsewhere)
    first, second = ET.fromstring(b"".join(volunteers_xml([ANN, bea])))
    plain = {"id": "1", "name": "Ann", "create_time": "1771000000", "cpid": "ab" * 16} | WRITTEN_CREDIT
    assert facts(first) == plain
    shown = {"id": "2", "name": "Bea <3", "country": "Peru", "url": "https://example.org/?a&b", "teamid": "9"}
    assert facts(second) == plain | shown
    founder = {"founder_id": 2, "founder_name": "Bea"}
    team = ExportedTeam(id=9, name="Team", created_at=6, credit=CREDIT, description="We <b>compute</b>.", **founder)
    (written,) = ET.fromstring(b"".join(teams_xml([team])))
    shown = {"id": "9", "type": "1", "name": "Team", "userid": "2", "founder_name": "Bea", "create_time": "6"}
    assert facts(written) == WRITTEN_CREDIT | shown | {"description": "We <b>compute</b>.", "country": None}


def test_a_host_names_its_volunteer_only_when_it_may():
    system = {"vendor": "AuthenticAMD", "model": "EPYC", "os_name": "Linux", "os_version": "Debian 12"}
    power = {"cores": 8, "flops": 1e9, "memory_bytes": 8e9}
    host = ExportedHost(id=5, volunteer_id=1, credit=CREDIT, created_at=3, seen_at=4, cpid="cd" * 16, **system, **power)
    hosts = [host, replace(host, volunteer_id=None, coprocessors="[CUDA|x|1]")]
    shown, hidden = map(facts, ET.fromstring(b"".join(hosts_xml(hosts))))
    expected = {"id": "5", "userid": "1", "ncpus": "8", "rpc_time": "4", "host_cpid": "cd" * 16}
    expected |= {"p_vendor": "AuthenticAMD", "os_version": "Debian 12"}
    expected |= {"p_fpops": "1000000000.000000", "m_nbytes": "8000000000.000000"}
    assert shown.items() >= expected.items()
    assert set(hidden) == set(shown) - {"userid"} | {"coprocs"}
    assert hidden["coprocs"] == "[CUDA|x|1]"


PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))


@given(name=PRINTABLE, text=st.text())
@example(name="", text="]]> & <b> \x00\x1b\ud800\ufffe")
def test_no_text_breaks_the_file_and_every_printable_name_comes_back(name, text):
    body = b"".join(volunteers_xml([replace(ANN, name=name), replace(ANN, name=text)]))
    first, second = ET.fromstring(body)
    assert (first.findtext("name") or "") == name
    assert second.findtext("id") == "1"
    between = ET.fromstring(in_ascii(f"<a>{escaped(text)}</a>"))
    assert len(between) == 0
    assert set(between.text or "") <= set(text) | {"\n"}  # XML reads every end of line as \n
    assert body.isascii()


@given(amounts=st.lists(st.integers(-(10**15), 10**18)))
def test_the_sum_over_the_file_is_the_ledger_s_to_the_last_thousandth(amounts):
    volunteers = [replace(ANN, credit=replace(CREDIT, total=amount)) for amount in amounts]
    root = ET.fromstring(b"".join(volunteers_xml(volunteers)))
    written = [Decimal(element.text or "") for element in root.iter("total_credit")]
    assert sum(written) * 1_000 == sum(amounts)

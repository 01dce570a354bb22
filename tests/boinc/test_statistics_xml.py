"""The statistics files, read back as a credit site does."""

import xml.etree.ElementTree as ET
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from axiom.boinc.statistics_xml import as_credits, records_xml, tables_xml
from axiom.boinc.xml import escape_xml, in_ascii


def facts(body: ET.Element) -> dict[str, str | None]:
    return {element.tag: element.text for element in body}


def test_the_tables_say_what_the_files_hold():
    body = tables_xml({"nusers_total": 2, "total_credit": as_credits(1_234_567)}, ["a & b", "c"])
    assert body.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<tables>')
    root = ET.fromstring(body)
    assert [name.text for name in root.findall("applications/application/name")] == ["a & b", "c"]
    assert facts(root).items() >= {"nusers_total": "2", "total_credit": "1234.567"}.items()


def test_a_record_is_written_with_what_there_is():
    record = {
        "id": 1,
        "name": "Bea <3",
        "url": "https://example.org/?a&b",
        "p_fpops": 1e9,
        "country": "",
        "teamid": None,
    }
    root = ET.fromstring(b"".join(records_xml("users", "user", [record])))
    shown = {"id": "1", "name": "Bea <3", "url": "https://example.org/?a&b", "p_fpops": "1000000000.000000"}
    assert root.tag == "users"
    assert root[0].tag == "user"
    assert facts(root[0]) == shown | {"country": None}
    assert len(ET.fromstring(b"".join(records_xml("users", "user", [])))) == 0


PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))


@given(name=PRINTABLE, text=st.text())
@example(name="", text="]]> & <b> \x00\x1b\ud800\ufffe")
def test_no_text_breaks_the_file_and_every_printable_name_comes_back(name, text):
    body = b"".join(records_xml("users", "user", [{"name": name}, {"name": text, "id": 1}]))
    first, second = ET.fromstring(body)
    assert (first.findtext("name") or "") == name
    assert second.findtext("id") == "1"
    between = ET.fromstring(in_ascii(f"<a>{escape_xml(text)}</a>"))
    assert len(between) == 0
    assert set(between.text or "") <= set(text) | {"\n"}  # XML reads every end of line as \n
    assert body.isascii()


@given(amounts=st.lists(st.integers(-(10**15), 10**18)))
def test_the_sum_over_the_file_is_the_ledger_s_to_the_last_thousandth(amounts):
    records = ({"total_credit": as_credits(amount)} for amount in amounts)
    root = ET.fromstring(b"".join(records_xml("users", "user", records)))
    written = [Decimal(element.text or "") for element in root.iter("total_credit")]
    assert sum(written) * 1_000 == sum(amounts)

"""Cells of tables: as pages write numbers, and never as markup that somebody else wrote."""

import pytest

from axiom.web.base.cells import cell, cells, columns, in_a_sentence

HOSTILE = '<b>"Ada" & co</b>'
HARMLESS = "&lt;b&gt;&quot;Ada&quot; &amp; co&lt;/b&gt;"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "<td>–</td>"),
        ("", "<td>–</td>"),
        (0, '<td class="num">0</td>'),
        (-12345, '<td class="num">−12,345</td>'),
        (0.5, '<td class="num">0.500</td>'),
        ("confirmatory", "<td>confirmatory</td>"),
        ("two words", "<td>two words</td>"),
        (HOSTILE, f"<td>{HARMLESS}</td>"),
    ],
)
def test_a_cell_of_a_data_table(value, written):
    assert cells([value]) == written


def test_a_row_has_a_cell_for_each_value():
    assert cells([1, "a", None]) == '<td class="num">1</td><td>a</td><td>–</td>'
    assert cells([]) == ""


@pytest.mark.parametrize(
    ("value", "said"), [(None, "–"), (3, "3"), ([1.0, 2.0], "2 values"), ((), "0 values"), (HOSTILE, HARMLESS)]
)
def test_levels_and_measures_stand_in_columns(value, said):
    assert columns({"known": value}, ["known"]) == f'<td class="num">{said}</td>'


def test_what_a_cell_lacks_is_a_gap_in_its_column():
    assert columns({"b": 2}, ["a", "b"]) == '<td class="num">–</td><td class="num">2</td>'


def test_measures_in_a_sentence():
    assert in_a_sentence({"gap": 0.25, "curve": [1, 2, 3], "name": "x"}) == "gap 0.250, curve (3 values), name x"
    assert in_a_sentence({}) == ""


def test_true_is_no_number():
    assert cell(True) == "True"

"""The script of an export: the program's own modules in one file, which runs where there is no Axiom."""

import ast
import re

from axiom.web.export import recompute, script

SCRIPT = script.script("26.12.0")
CARRIED = re.findall(r"^SOURCES\['([a-z0-9_.]+)'\] = ", SCRIPT, re.MULTILINE)


def test_every_module_that_weighing_needs_is_in_it_word_for_word():
    assert {"axiom.decisions.evidence.weigh", "axiom.domain.findings", "axiom.statistics.sequential"} <= set(CARRIED)
    assert recompute.__name__ == script._ENTRY
    for name in CARRIED:
        assert script._source(name) in SCRIPT, name
    assert sorted(CARRIED) == CARRIED
    assert len(set(CARRIED)) == len(CARRIED)


def test_nothing_of_it_reaches_for_a_database_a_network_or_a_clock():
    reached = {name for module in CARRIED for name in script._imported(script._source(module))}
    ours = {name for name in reached if name.startswith("axiom.")}
    assert ours <= set(CARRIED)
    assert {name.split(".")[1] for name in CARRIED} == {"decisions", "domain", "statistics", "web"}
    assert {name.partition(".")[0] for name in reached} & {"sqlite3", "socket", "urllib", "time", "random"} == set()


def test_it_says_what_it_needs():
    said = ast.get_docstring(ast.parse(SCRIPT))
    assert said is not None
    assert "Needs Python 3.11 or newer and NumPy" in said
    assert f"{len(CARRIED)} modules that Axiom 26.12.0 weighs findings with" in said


def test_a_source_with_awkward_quotes_is_carried_too():
    for source in ("x = '''a'''\n", "y = 'b'", "z = 1\\", 'plain = r"\\d"\n'):
        assert ast.literal_eval(script._quoted(source)) == source


def test_an_import_in_a_function_is_seen():
    source = "import json\nfrom axiom.domain import findings\ndef f():\n    import scipy.special\n"
    assert script._imported(source) == {"json", "axiom.domain.findings", "scipy.special"}
    assert script._foreign(source) == {"scipy"}

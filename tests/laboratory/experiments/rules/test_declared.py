"""What is on the list leads to nothing that is not: looked up in the libraries that are installed."""

import importlib
import types
from pathlib import Path

import pytest

import axiom.kit
from axiom.domain.preflights import Circumstances, Refusal
from axiom.laboratory.experiments.rules import allowed_names, source_rules
from axiom.laboratory.experiments.rules.declared_differences import declared_differences
from axiom.laboratory.experiments.rules.gates import judge_own_host_gates
from axiom.laboratory.experiments.rules.next_preflight import UntriedBundle, choose_preflight
from axiom.laboratory.experiments.rules.orders_before_preflight import may_order_more
from axiom.laboratory.experiments.rules.outline import first_paragraph, public_names
from axiom.laboratory.experiments.rules.search import matches_search
from axiom.signed.sources import parse_source

KIT = {f"axiom.kit.{file.stem}" for file in Path(axiom.kit.__file__).parent.glob("[a-z]*.py")}


def test_no_module_is_reached_through_another_that_is_not_listed_itself():
    for name in sorted(allowed_names.MODULES | KIT):
        module = importlib.import_module(name)
        named = [each for each in vars(module) if each.isidentifier()]  # pytest adds names that no code can say
        reached = [each for each in named if isinstance(getattr(module, each), types.ModuleType)]
        left = {getattr(module, each).__name__ for each in reached if not source_rules._objection(f"{name}.{each}")}
        distributions = {each for each in left if each.startswith("jax.scipy.stats.")}  # in public
        assert left - distributions <= allowed_names.MODULES | KIT


BASE = {"version": 1, "controls": [], "figure": None, "ranges": {"size": [1.0, 9.0]}, "cell_seconds": [1.0, 1.0]}
BASE |= {"configs": [{"size": 1}, {"size": 2}], "measures": [["total", "float", False]]}
BASE["estimands"] = [{"name": "grows", "claim": "it grows", "smallest": 0.1, "prediction": {"absent": 0.2}}]


def differing(**changes) -> list[tuple]:
    return [(one.part, one.first, one.second) for one in declared_differences(BASE, BASE | changes)]


def test_each_part_is_named_with_what_both_say_whatever_its_order():
    assert differing() == differing(configs=BASE["configs"][::-1]) == []
    assert differing(version=2, figure={"x": "size"}) == [("version", 1, 2), ("figure", None, {"x": "size"})]
    assert differing(ranges={"size": [1.0, 5.0]}) == [("ranges size", [1.0, 9.0], [1.0, 5.0])]
    assert differing(measures=[["total", "float", True]]) == [("measures total", ["float", False], ["float", True])]
    assert differing(configs=[{"size": 2}, {"size": 3}, {"size": 4}], cell_seconds=[1.0, 1.0, 1.0]) == [
        ("configs", [{"size": 1}], [{"size": 3}, {"size": 4}]),
        ("seconds", 2.0, 3.0),
    ]
    (grows,) = BASE["estimands"]
    other = grows | {"name": "falls"}
    assert differing(estimands=[other, grows | {"prediction": {"absent": 0.5}}]) == [
        ("estimands grows prediction absent", 0.2, 0.5),
        ("estimands falls", None, other),
    ]


SOURCE = parse_source('''"""What this is:
in one paragraph.

And more.
"""

Rows = list[int]
"""Rows of
numbers."""



class Net:
    """A network."""

    width: int  # of the layer
    depth: int = 2
    _secret: int = 0

    def __call__(self) -> None:
        """Not told."""

    def outputs(self, x: Rows, *, scale: float = 1.0) -> Rows:
        """What comes out.

        At length.
        """



class _Mine:
    """Not told."""


def made(seed: int, /, *, width: int = 3) -> Net:
    """A start."""


def _own() -> None:
    """Not told."""
''')


def test_what_is_public_is_told_in_order_with_its_first_paragraph():
    assert first_paragraph(SOURCE) == "What this is: in one paragraph."
    assert [(each.name, each.signature, each.about) for each in public_names(SOURCE)] == [
        ("Rows", "Rows", "Rows of numbers."),
        ("Net", "class Net(width: int, depth: int = 2)", "A network."),
        ("Net.outputs", "Net.outputs(x: Rows, *, scale: float=1.0) -> Rows", "What comes out."),
        ("made", "made(seed: int, /, *, width: int=3) -> Net", "A start."),
    ]


ROW = {"question": "Does a network compress?", "name": "rank_dynamics", "aliases": ["ranks"]}
ROW |= {"theme": "Inside", "status": "open"}


def test_an_experiment_is_found_by_its_words_theme_and_status():
    for asked in ({"q": "", "theme": "", "status": ""}, {"q": "COMPRESS"}, {"q": "rank_dyn"}, {"q": "old_rank"}):
        assert matches_search(ROW, ["old_rank"], asked)
    for asked in ({"q": "ranks and files"}, {"theme": "Outside"}, {"status": "retired"}):
        assert not matches_search(ROW, ["old_rank"], asked)


@pytest.mark.parametrize(
    ("newest", "is_offered", "is_for_volunteer", "allowed"),
    [
        (True, True, False, True),
        (None, True, True, True),
        (None, False, False, True),
        (None, False, True, False),
        (False, True, False, False),
    ],
)
def test_what_may_be_ordered(newest, is_offered, is_for_volunteer, allowed):
    assert may_order_more(newest, is_offered=is_offered, is_for_volunteer=is_for_volunteer).passed is allowed


def test_what_passed_the_gates_of_before_stays_with_our_own_hosts():
    for is_for_volunteer in (False, True):
        said = may_order_more(False, is_offered=False, is_for_volunteer=is_for_volunteer, had_passed=True)
        assert said.passed is not is_for_volunteer
    for newest, had_passed in ((None, False), (True, False), (False, True)):  # which even our own hosts do not get
        said = may_order_more(newest, is_offered=True, is_for_volunteer=False, had_passed=had_passed, is_read=False)
        assert not said.passed


PARSE = Refusal(gate="G0", line=1, sentence="The file must say `experiment = Experiment(…)` once.")
WORDS = [Refusal(gate="G1", line=line, sentence="`open` is not allowed: a cell has no files.") for line in (6, 9)]


@pytest.mark.parametrize(
    ("refusals", "passed", "fact"),
    [
        ((), True, ""),
        (WORDS[:1], True, "line 6: `open`"),
        (WORDS, True, "1 more"),
        ((PARSE, *WORDS), False, "line 1: The file must say `experiment = Experiment(…)` once"),
    ],
)
def test_our_own_hosts_demand_that_it_reads_as_an_experiment_and_no_more(refusals, passed, fact):
    said = judge_own_host_gates(refusals)
    assert said.passed is passed
    assert fact in said.reason


LIGHT = UntriedBundle(bundle="aa", name="light", seconds=1.0)
HEAVY = UntriedBundle(bundle="bb", name="heavy", seconds=9.0)


@pytest.mark.parametrize(
    ("waiting", "stands", "bundle"),
    [
        ((), (True, True, True), None),
        ((HEAVY, LIGHT), (True, False, True), "aa"),
        ((HEAVY,), (False, True, True), "bb"),
        ((HEAVY,), (False, False, False), "bb"),
        ((LIGHT,), (False, False, True), None),
    ],
)
def test_the_cheapest_is_tried_first_and_does_not_hold_up_the_first_answers(waiting, stands, bundle):
    facts = dict(zip(("has_volunteers", "has_evidence", "computes_itself"), stands, strict=True))
    assert choose_preflight(waiting, Circumstances(**facts)).bundle == bundle

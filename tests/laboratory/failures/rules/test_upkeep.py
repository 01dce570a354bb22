"""What a group of failures suggests follows from who else computes the same, and never from a host's words."""

import itertools
import json
from datetime import UTC, datetime
from functools import partial

import cpu_growth
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.failures import Comparison, EndingCount, FailureGroup, RaisedError, Watch
from axiom.laboratory.failures.rules.failures import group_failures, suggest_remedy
from axiom.laboratory.failures.rules.tracebacks import ANOTHER, find_failed_config, find_last_print, find_raised_error
from axiom.laboratory.failures.rules.watches import find_watch_hit

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
LINE = "KeyError at axiom/catalogue/spectral_dynamics.py, line 380"


def group(cause=Cause.CELL_FAILED, *, raised="", hosts=(1,), works_on=(), works_here=0) -> FailureGroup:
    facts = {"experiment_id": 1, "platform": "linux-x86_64-avx2", "first_at": NOW, "last_at": NOW, "last_task": 9}
    by_host = tuple((host, 4) for host in hosts)
    return FailureGroup(cause=cause, raised=raised, by_host=by_host, works_on=works_on, works_here=works_here, **facts)


@pytest.mark.parametrize(
    ("found", "look_at"),
    [
        (group(raised=LINE, hosts=(1, 2, 3)), "the experiment"),
        (group(raised=LINE, hosts=(1,), works_on=(2, 3), works_here=2), "the host"),
        (group(raised=LINE, hosts=(1, 2), works_on=(1, 2), works_here=2), "the experiment"),
        (group(Cause.SIGNAL, hosts=(1, 2, 3), works_on=(4, 5)), "the platform"),
        (group(Cause.CHILD_LOST, hosts=(1,)), "nothing yet"),
        (group(Cause.ABORTED_BY_VOLUNTEER, hosts=(1, 2, 3)), "the volunteer"),
        (group(Cause.RUNNER_FAULT), "the laboratory"),
        (group(Cause.NO_ROOM, hosts=(1, 2)), "the host"),
    ],
)
def test_where_to_look_first(found, look_at):
    assert suggest_remedy(found).look_at == look_at


def test_every_cause_suggests_something():
    for cause in set(Cause) - {cause for cause in Cause if cause.blame is Blame.NOBODY}:
        for hosts, works_on in itertools.product([(1,), (1, 2)], [(), (1,), (3, 4)]):
            assert suggest_remedy(group(cause, hosts=hosts, works_on=works_on)).look_at


def ended(host: int, *, experiment=1, cause=Cause.SIGNAL, raised="", platform="linux", amount=1, at=NOW, bundle="a"):
    facts = {"experiment_id": experiment, "bundle_digest": bundle, "host_id": host, "platform": platform}
    return EndingCount(raised=raised, cause=cause, amount=amount, first_at=at, last_at=at, last_task=host, **facts)


def test_failures_differ_by_version_cause_line_or_platform_and_not_by_bundle():
    later = NOW.replace(hour=15)
    rows = [
        ended(1, amount=2),
        ended(1, amount=3, bundle="b", at=later),
        ended(2, amount=4),
        ended(1, experiment=2),
        ended(1, cause=Cause.CELL_FAILED),
        ended(1, raised=LINE),
        ended(3, platform="windows"),
    ]
    worked = {1: {5: frozenset({"linux"}), 6: frozenset({"windows", "linux"}), 7: frozenset({"macos"})}}
    found = group_failures(rows, worked)
    assert len(found) == 5
    assert (found[0].by_host, found[0].tasks) == (((1, 5), (2, 4)), 9)
    assert (found[0].first_at, found[0].last_at) == (NOW, later)
    assert (found[0].works_on, found[0].works_here) == ((5, 6, 7), 2)
    assert {one.works_here for one in found if one.platform == "windows"} == {1}
    assert {one.works_on for one in found if one.experiment_id == 2} == {()}


SPECTRAL = "axiom/catalogue/spectral_dynamics.py"
FILES = frozenset({SPECTRAL, "axiom/kit/training.py"})
PRINTED = f"""Traceback (most recent call last):
  File "/var/lib/boinc/slots/3/axiom/runner/child/child.py", line 216, in _compute
    values = self._experiment.run(self._config(**config), seed)
  File "/var/lib/boinc/projects/x/unpacked/ab12/{SPECTRAL}", line 380, in run
    summary["mean"] = top["top_sv_growth"]
KeyError: 'top_sv_growth'
"""


def line_380(kind: str) -> RaisedError:
    return RaisedError(kind=kind, file=SPECTRAL, line=380)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"3 of 9 cells raised, first replicate 4 at config 2: KeyError at {SPECTRAL}:380. The", line_380("KeyError")),
        (PRINTED, line_380("KeyError")),
        (PRINTED.replace("KeyError", "numpy.linalg.LinAlgError"), line_380("LinAlgError")),
        (PRINTED.replace("KeyError: 'top_sv_growth'", "BuyThis: at example.org"), line_380(ANOTHER)),
        (PRINTED[: PRINTED.index("KeyError")], line_380(ANOTHER)),  # cut off
        ("", None),
        ("KeyError at axiom/catalogue/another_one.py:380", None),
        (f"KeyError at {SPECTRAL}:99999", None),
    ],
)
def test_what_is_read(text, found):
    assert find_raised_error(text, FILES) == found


def test_the_config_of_a_failure_and_what_was_printed_last_are_read_from_our_runner():
    words = 'KeyError: "los" \\ \x1b[31m. The task fails here'
    told = (
        f"2 of 4 cells raised, first replicate 1 at config 3: KeyError at {SPECTRAL}:380, and said {json.dumps(words)}."
    )
    assert find_last_print(f"{told} The task fails here and is tried again elsewhere.") == words
    assert (find_failed_config(told), find_failed_config("replicate 7, config 2 raised KeyError")) == (3, 2)
    assert (find_last_print('and said "a'), find_failed_config("config 9")) == ("", None)


def test_a_false_name_before_a_true_one_hides_nothing():
    text = f"OSError at axiom/kit/not_there.py:7 and ValueError at {SPECTRAL}:380"
    assert find_raised_error(text, FILES) == line_380("ValueError")


TOKENS = ["KeyError", " at ", SPECTRAL, ":", "380", 'File "', '", line ', "\n", "<script>", "é", "\x1b[31m", "x"]


@settings(max_examples=50)
@given(st.lists(st.sampled_from(TOKENS), max_size=30).map("".join))
def test_nothing_that_a_host_wrote_gets_through(text):
    found = find_raised_error(text, FILES)
    if found is not None:
        assert found.file in FILES
        assert found.kind in {"KeyError", ANOTHER}
        assert 0 < found.line <= 10_000


@pytest.mark.parametrize("worst", ['File "', "a", "a at ", f"a at {SPECTRAL}:"])
def test_the_time_grows_no_faster_than_the_part_of_a_text_that_is_read(worst):
    short, *longer = ((worst * length)[:length] for length in (20_000 // cpu_growth.APART, 20_000, 2_000_000))
    most = cpu_growth.MOST * cpu_growth.seconds(partial(find_raised_error, short, FILES))
    assert all(cpu_growth.seconds(partial(find_raised_error, text, FILES)) <= most for text in longer)


def watch(comparison=Comparison.ABOVE, threshold=0.5) -> Watch:
    facts = {"id": 1, "experiment_id": 1, "sentence": "more than half", "measure": "accuracy", "seen_result": 0}
    return Watch(comparison=comparison, threshold=threshold, registered_at=datetime(2026, 3, 2, tzinfo=UTC), **facts)


def test_each_comparison_at_its_border():
    shown = {Comparison.ABOVE: [None, None, 0.6], Comparison.AT_LEAST: [None, 0.5, 0.6]}
    shown |= {Comparison.BELOW: [0.4, None, None], Comparison.AT_MOST: [0.4, 0.5, None]}
    for comparison, values in shown.items():
        assert [find_watch_hit(watch(comparison), {"accuracy": value}) for value in (0.4, 0.5, 0.6)] == values


def test_what_is_no_number_or_not_there_shows_nothing():
    for value in (None, True, "0.9", float("nan"), float("inf"), [], [0.1, None]):
        assert find_watch_hit(watch(), {"accuracy": value}) is None
    assert find_watch_hit(watch(), None) is find_watch_hit(watch(), {}) is None
    assert find_watch_hit(watch(), {"accuracy": [0.1, 0.7, 0.9]}) == 0.7  # of a curve the first value that does
    assert watch().predicate == "accuracy > 0.5"


@pytest.mark.parametrize(("words", "said"), [(r"\x", ""), ("a\nb", ""), (r"loss \ud800", "loss ?")])
def test_words_out_of_form_are_none_and_halves_of_characters_are_not_shown(words, said):
    assert find_last_print(f'KeyError at f.py, line 1, and said "{words}". The task fails here') == said

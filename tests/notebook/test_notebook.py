"""What `axiom.open` gives: tidy tables, read while the laboratory works, shown without harm."""

import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from browser import serving
from dispatch_calls import split
from evidence_lines import record
from map_on_site import draw_map
from patience import PATIENCE

import axiom
from axiom.domain.declaration import ValueType
from axiom.domain.evidence import Meaning
from axiom.domain.registrations import StoppingRule, counted_seed
from axiom.domain.work import Outcome
from axiom.errors import CannotStart, NoLab, NotFound, StoreTooNew, UnknownName
from axiom.laboratory.registrations.register import register_further
from axiom.notebook.table import Table
from axiom.server.returns.transitioner import transit_many
from axiom.service.sockets import listen_on_port
from axiom.store.experiments import experiments
from axiom.store.tasks import workunits
from axiom.store.views import exported_rows
from axiom.web.api.reads import make_read_api
from axiom.web.site.app import Site
from axiom_weigh.values import Evidence, Grade, Observation, Verdict


def cancel(lab, *wanted: int) -> None:
    with lab.db.transaction():
        workunits.request_aborts(lab.db, wanted, "a test")
        transit_many(lab.db, wanted, lab.now)


def test_waiting_elsewhere_ends_when_parts_and_their_parts_are_closed(small_lab, prepared):
    small_lab.publish(prepared(), has_address=True)
    first, last = small_lab.deploy(workunits=2, replicates_each=12)
    (part,) = split(small_lab, first, 4)
    (of_part,) = split(small_lab, part, 1)
    cancel(small_lab, first, last)
    pages = Site(folder=small_lab.folder, name="Small", now=lambda: small_lab.now, live=dict)
    with closing(pages.readers):
        for number in (part, of_part):
            with connect_elsewhere(pages) as lab, pytest.raises(TimeoutError, match=rf"\b{number}\b"):
                lab.wait({"first": first, "last": last}, seconds=0)
            cancel(small_lab, number)
        with connect_elsewhere(pages) as lab:
            assert lab.wait({"first": first, "last": last}, seconds=0) == {"cancelled": 4}


@contextmanager
def connect_elsewhere(pages):
    """A laboratory whose site keeps no page from before."""
    with listen_on_port("127.0.0.1", 0) as listening, serving(make_read_api(pages), listening):
        yield axiom.connect(f"http://127.0.0.1:{listening.getsockname()[1]}/", "token")


def weigh(lab, blocks, *, low, kind="sign"):
    amounts = {"seeds": 8 * blocks, "missing": 1, "hosts": 1, "volunteers": 1, "platforms": 1}
    words = {"needs": ("a second volunteer",), "flags": (), "reasons": ("eight seeds agree",)}
    decided = {"e_value": 30.0, "e_kind": kind, "verdict": Verdict.POSITIVE, "grade": Grade.MODERATE}
    line = Evidence(blocks=blocks, estimate=1.5, low=low, high=None, **amounts, **words, **decided)
    seen = [Observation(replicate=0, value=1.5, hosts=(1,)), Observation(replicate=1, value=None, why_missing="<late>")]
    with lab.db.transaction():
        record(lab.db, 1, line, seen, session_id=None, now=lab.now + timedelta(hours=blocks))


def test_results_are_a_row_per_cell_in_every_form_and_reading_changes_nothing(measured_lab, opened):
    before = measured_lab.folder.database.read_bytes()
    results = opened.results("tiny_sum")
    assert list(results.columns) == [
        *("replicate", "seed", "size", "total", "count"),
        *("outcome", "cpu_seconds", "host", "platform", "task"),
    ]
    assert len(results) == 16
    assert list(results)[3] == {
        "replicate": 1,
        "seed": counted_seed("5" * 64, "tiny_sum", 1, 1),
        "size": 2,
        "total": 20.0,
        "count": None,
        "outcome": "ok",
        "cpu_seconds": 0.25,
        "host": 1,
        "platform": "linux-x86_64-avx2",
        "task": 2,
    }
    frame, arrow = results.to_pandas(), results.to_arrow()
    assert tuple(frame["seed"]) == results["seed"]
    assert frame["count"].isna().all()
    assert str(frame["seed"].dtype) == "Int64"
    assert arrow.to_pydict() == {name: list(values) for name, values in results.columns.items()}
    opened.findings  # noqa: B018 - reading is what is tested
    assert measured_lab.folder.database.read_bytes() == before


def test_the_summary_says_how_many_seeds_and_how_sure_per_config(opened):
    small, large = opened.summary("tiny_sum")
    assert (small["size"], small["n"], small["total_n"]) == (1, 8, 8)
    assert small["total_mean"] == 4.5
    assert small["total_median"] == 4.5
    assert large["total_mean"] == 45.0
    assert (small["total_median_order95_low"], small["total_median_order95_high"]) == (1.0, 8.0)
    assert small["total_mean_t95_low"] < 4.5 < small["total_mean_t95_high"]
    assert (small["count_n"], small["count_mean"]) == (0, None)
    for by, rows, mean in (([], 1, 24.75), ("size", 2, 4.5)):
        coarser = opened.summary("tiny_sum", by=by)
        assert len(coarser) == rows
        assert coarser["n"][0] == 8
        assert coarser["total_mean"][0] == mean


def test_what_is_not_there_is_named_with_the_nearest(opened):
    assert opened.version("tiny_sum@").name == "tiny_sum@1"
    for name in ("tiny_sun", "tiny_sum@2", "tiny_sum@one", "tiny_sum@99999999999999999999"):
        with pytest.raises(UnknownName, match="tiny_sum"):
            opened.results(name)
    with pytest.raises(UnknownName, match="size"):
        opened.summary("tiny_sum", by=["sise"])
    with pytest.raises(UnknownName, match="total"):
        opened.results("tiny_sum")["totl"]
    with pytest.raises(NotFound):
        opened.finding(7)


@pytest.fixture
def with_a_further_design(small_lab, prepared, fill):
    """Eight seeds of two declared configs of no shift, and eight seeds of as many configs of another."""
    small_lab.publish(prepared(has_shift=True))
    small_lab.host()
    fill(small_lab, [(0.1, 0.1)] * 8)
    version = experiments.find_experiment(small_lab.db, 1)
    points = [({"size": size, "shift": 8}, 1.0) for size in (1, 2)]
    with small_lab.db.transaction():
        how = {"stopping": StoppingRule(replicates=256), "why": "a test", "now": small_lab.now}
        made = register_further(small_lab.db, version, "deeper", points, **how)
    fill(small_lab, [(0.9, 0.9)] * 8, registration_id=made.id)
    return axiom.open(small_lab.folder.path)


@pytest.mark.parametrize(("by", "rows"), [(["size"], 2), ([], 1), (["shift"], 1), (None, 2)])
def test_seeds_of_a_further_design_do_not_enter_a_row_of_the_declared_sweep(with_a_further_design, by, rows):
    assert len(with_a_further_design.results("tiny_sum")) == 32
    summary = with_a_further_design.summary("tiny_sum", by=by)
    assert len(summary) == rows
    assert {(row["n"], row["total_n"], round(row["total_mean"], 9)) for row in summary} == {(8, 8, 0.1)}


@pytest.mark.parametrize("outcome", [Outcome.DIVERGED, Outcome.LATE])
def test_what_diverged_or_was_late_is_a_row_without_measures_and_no_part_of_a_mean(measured_lab, opened, fill, outcome):
    fill(measured_lab, [(0.0, 0.0)], outcomes=[outcome])
    assert opened.results("tiny_sum")["outcome"].count(outcome) == 2
    assert opened.results("tiny_sum")["total"][-1] is None
    assert (opened.summary("tiny_sum")["n"][0], opened.summary("tiny_sum")["total_n"][0]) == (9, 8)


def test_pages_of_any_size_give_the_same_rows(measured_lab):
    for size in (1, 3, 16, 17):
        pages = exported_rows.iterate_result_pages(measured_lab.db, 1, size)
        rows = [row for page in pages for row in zip(page.replicates, page.configs, strict=True)]
        assert rows == [(replicate, config) for replicate in range(8) for config in range(2)]


def test_a_part_of_a_table_reads_the_hosts_of_its_rows_alone(measured_lab):
    whole = exported_rows.read_result_page(measured_lab.db, 1, (-1, -1), 16)
    assert all(whole.platforms)
    unread = measured_lab.host("idle")
    measured_lab.db.execute("UPDATE host SET seen_at = 'damaged' WHERE id = :id", id=unread)
    assert exported_rows.read_result_page(measured_lab.db, 1, (-1, -1), 16) == whole


def test_a_new_result_is_there_when_asked_again_and_a_long_table_shows_its_beginning(measured_lab, opened, fill):
    assert opened.experiments["results"] == (16,)
    fill(measured_lab, [(1.0, 2.0)] * 5)
    assert opened.experiments["results"] == (26,)
    assert len(opened.results("tiny_sum@1")) == 26
    assert repr(opened.results("tiny_sum")).endswith("6 more rows")
    assert "6 more rows" in opened.results("tiny_sum")._repr_html_()


def test_an_experiment_without_results_has_its_columns(small_lab, prepared):
    small_lab.publish(prepared())
    empty = axiom.open(small_lab.folder.path)
    assert len(empty.results("tiny_sum")) == len(empty.summary("tiny_sum")) == 0
    assert "total" in empty.results("tiny_sum").columns


def test_a_finding_without_evidence_says_so(opened):
    assert opened.findings["verdict"] == (None,)
    card = opened.finding(1)
    assert card.evidence is None
    assert card.reads is None
    assert opened.findings["reads"] == (None,)
    assert "has not closed" in repr(card)
    assert card.claim == "a larger size has a larger total"


def test_a_finding_has_its_history_and_its_observations(measured_lab, opened):
    weigh(measured_lab, 1, low=None)
    weigh(measured_lab, 2, low=0.5)
    assert (opened.findings["low"], opened.findings["blocks"]) == ((0.5,), (2,))
    card = opened.finding(1)
    assert card.history["low"] == (None, 0.5)
    assert card.observations["value"] == (1.5, None)
    assert card.evidence.verdict is Verdict.POSITIVE
    assert (opened.findings["reads"], card.reads) == (("as claimed",), Meaning.AS_CLAIMED)
    assert "verdict: effect +\nreads: as claimed\n" in repr(card)
    assert repr(card).startswith(f"Finding 1: {card.answer}\nclaim: {card.claim}\n")
    assert "0.5 to unbounded" in repr(card)
    assert "a second volunteer" in card._repr_html_()


@pytest.mark.parametrize(("kind", "centre"), [("sign", "median"), ("bernoulli", "share"), ("betting", "mean")])
def test_a_finding_s_card_calls_a_share_a_share(measured_lab, opened, kind, centre):
    weigh(measured_lab, 1, low=0.5, kind=kind)
    assert f"\n{centre} over seeds: 1.5, 95 % at every look: 0.5 to unbounded\n" in repr(opened.finding(1))


def test_what_a_notebook_shows_is_escaped(measured_lab, opened):
    weigh(measured_lab, 1, low=None)
    measured_lab.db.execute("UPDATE host SET system = '<script>alert(1)</script>'")
    card, results = opened.finding(1), opened.results("tiny_sum")
    html = "".join(shown._repr_html_() for shown in (opened, results, opened.findings, card, card.observations))
    assert "<table" in html
    assert "<td" in html
    assert not any(tag in html for tag in ("<script", "<late"))
    assert "&lt;script&gt;" in results._repr_html_()


def test_the_results_of_a_map_leave_the_notebook_too(small_lab, tmp_path):
    draw_map(small_lab, depth=0)
    results = axiom.open(small_lab.folder.path).results("small_map")
    results.to_csv(tmp_path / "map.csv")
    assert all(pixels in (tmp_path / "map.csv").read_text() for pixels in results["inside"])
    assert results.to_arrow()["inside"].to_pylist() == list(results["inside"])


def test_a_curve_of_numbers_without_a_point_becomes_arrow():
    table = Table({"curve": [[2**60 + 1, 0.5], None]}, {"curve": ValueType.FLOATS})
    assert table.to_arrow().to_pydict() == {"curve": [[float(2**60), 0.5], None]}


def test_without_the_extra_the_sentence_says_what_to_install(opened, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CannotStart):
        opened.results("tiny_sum").to_arrow()


def test_without_a_laboratory_or_with_one_of_a_newer_axiom_nothing_is_opened(tmp_path, measured_lab):
    with pytest.raises(NoLab):
        axiom.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    measured_lab.db.execute("INSERT INTO migration VALUES (99, '0099_future', '', 0)")
    with pytest.raises(StoreTooNew, match="0099_future"):
        axiom.open(measured_lab.folder.path)


def test_opening_costs_an_import_only_when_asked_for():
    code = "import sys, axiom; print('axiom.notebook.lab' in sys.modules, hasattr(axiom, 'close')); axiom.open"
    assert subprocess.check_output([sys.executable, "-c", code], timeout=PATIENCE) == b"False False\n"


@pytest.mark.parametrize("factor", ["n", "total_mean", "count_n"])
def test_no_factor_is_in_the_place_of_what_a_summary_says(small_lab, prepared, fill, factor):
    small_lab.publish(prepared(factor=factor))
    small_lab.host()
    fill(small_lab, [(float(number), 10.0 * number) for number in range(1, 9)])
    opened = axiom.open(small_lab.folder.path)
    column = f"factor_{factor}"
    rows = [(row[column], row["n"], row["total_mean"]) for row in opened.summary("tiny_sum")]
    assert rows == [(1, 8, 4.5), (2, 8, 45.0)]
    assert opened.results("tiny_sum")[column][:2] == (1, 2)

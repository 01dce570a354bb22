"""Pictures follow the results: drawn when they change, not again when they do not, and none holds up another."""

import logging
import re
import sqlite3
import struct
from dataclasses import dataclass, replace
from typing import Any

import pytest

from axiom.errors import StorageFull
from axiom.laboratory.figures.redraw_figures import FigureUpdater, draw_job, experiment_curve, experiment_sweep
from axiom.limits import results as limits
from axiom.signed.manifests import stored_manifest
from axiom.signed.outputs import cell_line, footer_line, header_line
from axiom.store.engine import blobs
from axiom.store.engine.database import Database, make_durable
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations
from axiom.store.upkeep import figures
from axiom.store.writer import Writer
from axiom_weigh.figures.drawing import png_of

WIDTHS = (660, 326)
SWEEP = [f"experiment/1/sweep/{width}" for width in WIDTHS]
CARD, ASKED = "finding/1/card", "experiment/1/card"
FINDING = [CARD, ASKED, *(f"finding/1/{kind}/{width}" for kind in ("narrowing", "strip", "forest") for width in WIDTHS)]


@dataclass(kw_only=True)
class Exhibition:
    """A gallery, and the laboratory of which it shows pictures."""

    rounds: Any
    writer: Writer
    gallery: FigureUpdater

    def draw(self) -> int:
        return self.gallery.draw(self.rounds.lab.now)

    def grow(self) -> None:
        self.rounds.fill_block()
        self.rounds.hold()

    def shown(self) -> dict[str, str]:
        return figures.list_figure_contents(self.rounds.db)

    def body(self, name: str, column: str) -> bytes:
        row = self.rounds.db.row("SELECT * FROM figure WHERE name = :name", name=name)
        return blobs.read_blob(self.rounds.db, self.rounds.lab.folder, row[column])


@pytest.fixture
def exhibition(request, small_lab, rounds_of, variant):
    """A laboratory with a declared figure. We use the writer's connection too, while it waits for a work."""
    small_lab.publish(variant("pictured_sum", **getattr(request, "param", {"figure": True})))
    small_lab.host()
    small_lab.db.close()
    connection = sqlite3.connect(small_lab.folder.database, isolation_level=None, check_same_thread=False)
    small_lab.db = Database(connection)
    make_durable(small_lab.db)
    writer = Writer(lambda: small_lab.db)
    writer.start()
    gallery = FigureUpdater(writer, small_lab.folder)
    yield Exhibition(rounds=rounds_of(small_lab, per_core=0), writer=writer, gallery=gallery)
    writer.stop()


def test_few_pictures_at_a_time_are_drawn_before_the_first_findings(exhibition, monkeypatch):
    monkeypatch.setattr("axiom.limits.figures.FIRST_DRAWN", 0)
    lab = exhibition.rounds.lab
    lab.deploy(workunits=8)
    exhibition.rounds.compute(2)
    job = draw_job(exhibition.writer, lab.folder, "Small", lambda: lab.now)
    for seconds, shown in ((29, []), (2, SWEEP)):
        lab.later(seconds=seconds)
        job.work()
        assert sorted(exhibition.shown()) == sorted(shown)


def test_what_leads_a_front_page_is_drawn_first_and_a_card_last(exhibition):
    exhibition.grow()
    lab, order = exhibition.rounds.lab, []
    while exhibition.gallery.draw(lab.now, most=1):
        order += sorted(set(exhibition.shown()).difference(order))
    assert order[:2] == sorted(SWEEP)
    assert set(order[-2:]) == {CARD, ASKED}
    assert exhibition.draw() == 0


def test_pictures_do_not_wait_where_a_finding_was_weighed(exhibition):
    exhibition.grow()
    lab = exhibition.rounds.lab
    draw_job(exhibition.writer, lab.folder, "Small", lambda: lab.now).work()
    assert exhibition.shown()


def test_a_picture_appears_when_there_is_something_to_show_and_follows_it(exhibition):
    lab, rounds = exhibition.rounds.lab, exhibition.rounds
    assert (exhibition.draw(), exhibition.shown()) == (0, {})
    lab.deploy(workunits=8)
    rounds.compute(2)
    assert exhibition.draw() == 1  # results are shown as they come; a finding, once a block is closed
    assert sorted(exhibition.shown()) == sorted(SWEEP)
    stored = lab.db.row("SELECT count(*) AS amount FROM blob")["amount"]
    rounds.compute(1)
    assert exhibition.draw() == 0  # a moment later it would only cost
    lab.later(seconds=21)
    assert exhibition.draw() == 1
    outputs = 1  # and nothing of the older picture is left behind
    assert lab.db.row("SELECT count(*) AS amount FROM blob")["amount"] == stored + outputs
    rounds.compute(5)
    rounds.fill_block()
    rounds.hold()
    assert exhibition.draw() == 6
    before = exhibition.shown()
    assert sorted(before) == sorted([*SWEEP, *FINDING])
    assert exhibition.draw() == 0
    started = FigureUpdater(exhibition.writer, lab.folder)
    assert started.draw(lab.now) == 0  # nor by a laboratory that was started again
    registrations.set_finding_status(rounds.db, 1, "suspended", "a test")
    assert exhibition.draw() > 0
    assert "Suspended:" in exhibition.body(CARD, "svg").decode()
    registrations.set_finding_status(rounds.db, 1, "open", "")
    exhibition.draw()
    before = exhibition.shown()
    exhibition.grow()
    assert exhibition.draw() == 5
    after = exhibition.shown()
    assert before.keys() == after.keys()
    assert (before.items() & after.items()) == {(ASKED, before[ASKED])}  # what is not answered has no number
    assert rounds.broken() == {}


def test_a_picture_can_be_had_in_pixels_and_a_card_says_what_was_decided(exhibition):
    for _ in range(2):
        exhibition.grow()
    assert exhibition.draw() == 6
    for name in (*SWEEP, *FINDING):
        drawing = exhibition.body(name, "svg").decode()
        assert drawing.startswith("<svg"), name
        assert drawing.count("<svg") == drawing.count("</svg>") == 1, name
        assert f'width="{1200 if name in (CARD, ASKED) else name.rpartition("/")[2]}"' in drawing
        assert png_of(drawing).startswith(b"\x89PNG"), name
    assert "The sum over the size" in exhibition.body(SWEEP[0], "svg").decode()
    line = exhibition.rounds.db.row("SELECT verdict, grade FROM evidence ORDER BY blocks DESC LIMIT 1")
    words = re.findall(r"<text [^>]*>([^<]*)</text>", exhibition.body(CARD, "svg").decode())
    assert {"Axiom", "Finding 1"} <= set(words)
    assert line["verdict"] == "effect −"
    assert any("effect −, the opposite" in word and line["grade"] in word for word in words)
    assert struct.unpack(">II", png_of(exhibition.body(CARD, "svg").decode())[16:24]) == (1200, 630)


SHORT = "Larger sizes have smaller totals"


@pytest.mark.parametrize("exhibition", [{"figure": True, "answer": SHORT}], indirect=True)
def test_a_question_is_shared_by_its_answer_and_picture_until_the_answer_falls(exhibition):
    for _ in range(2):
        exhibition.grow()
    exhibition.draw()
    card = exhibition.body(ASKED, "svg").decode()
    assert f">{SHORT}</title>" in card
    assert "median total" in card
    assert struct.unpack(">II", png_of(card)[16:24]) == (1200, 630)
    registrations.set_finding_status(exhibition.rounds.db, 1, "suspended", "a test")
    exhibition.draw()
    card = exhibition.body(ASKED, "svg").decode()
    assert ">What is the sum? Not decided yet</title>" in card
    assert "median total" not in card


def test_a_card_tells_the_answer_that_a_later_text_of_the_same_version_declares(exhibition, variant):
    for _ in range(2):
        exhibition.grow()
    exhibition.draw()
    assert ">What is the sum? Decided, test by test</title>" in exhibition.body(ASKED, "svg").decode()
    exhibition.rounds.lab.publish(variant("pictured_sum", figure=True, answer=SHORT))
    exhibition.draw()
    assert f">{SHORT}</title>" in exhibition.body(ASKED, "svg").decode()


def test_a_picture_shows_the_cells_that_its_figure_is_about(small_lab, rounds_of, variant, monkeypatch):
    small_lab.publish(variant("pictured_sum", figure=True))
    small_lab.host()
    rounds = rounds_of(small_lab, per_core=0)
    rounds.lab.deploy(workunits=8)
    rounds.compute(3)
    stored = experiments.find_experiment_by_name(small_lab.db, "pictured_sum")
    manifest = stored_manifest(stored.manifest)
    sizes = [config["size"] for config in manifest.configs]

    def shown(**where):
        sweep = experiment_sweep(small_lab.db, stored, replace(manifest, figure=replace(manifest.figure, where=where)))
        return sweep and [point.x for point in sweep.points]

    assert shown() == sizes
    assert shown(size=sizes[0]) == sizes[:1]
    assert shown(size=-1) is None
    monkeypatch.setattr(limits, "RESULTS_SUMMED", 1)  # of very many it shows the first, as the table beside it does
    assert [point.seeds for point in experiment_sweep(small_lab.db, stored, manifest).points] == [
        1,
        *[0] * len(sizes[1:]),
    ]


def stepwise(rounds):
    """Makes outputs in which each cell tells three totals on its way."""

    def output(order):
        cells = [
            replace(cell, measures={**cell.measures, "total_by_step": [0.0, cell.replicate, 2.0 * cell.config]})
            for cell in rounds.lab.cells(order)
        ]
        return header_line(rounds.lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))

    return output


def test_a_curve_is_drawn_of_the_first_replicates_and_stands_when_they_are_back(small_lab, rounds_of, variant):
    small_lab.publish(variant("curved_sum", curve=True))
    small_lab.host()
    rounds = rounds_of(small_lab, per_core=0)
    stored = experiments.find_experiment_by_name(small_lab.db, "curved_sum")
    manifest = stored_manifest(stored.manifest)

    def shown():
        found = experiment_curve(small_lab.db, stored, manifest)
        return found and [(each.name, each.repetitions, each.medians) for each in found.series]

    assert shown() is None
    small_lab.deploy(workunits=40)
    rounds.compute(3, by=stepwise(rounds))
    assert shown() == [("1", 3, (0.0, 1.0, 0.0)), ("2", 3, (0.0, 1.0, 2.0))]
    rounds.compute(29, by=stepwise(rounds))
    before = experiment_curve(small_lab.db, stored, manifest)
    assert shown() == [("1", 32, (0.0, 15.5, 0.0)), ("2", 32, (0.0, 15.5, 2.0))]
    rounds.compute(8, by=stepwise(rounds))
    assert experiment_curve(small_lab.db, stored, manifest) == before


def test_a_finding_s_picture_calls_a_share_a_share(exhibition, damage):
    exhibition.grow()
    for weighed, centre in (("flip", "median"), ("bernoulli", "share"), ("betting", "mean")):
        damage(exhibition.rounds.db, f"UPDATE evidence SET e_kind = '{weighed}'")  # noqa: S608  our own words
        started = FigureUpdater(exhibition.writer, exhibition.rounds.lab.folder)
        assert started.draw(exhibition.rounds.lab.now) > 0
        drawing = exhibition.body("finding/1/strip/660", "svg").decode()
        assert f">{centre}</text>" in drawing
        assert f"The {centre} is " in drawing


def test_a_picture_that_cannot_be_drawn_stops_no_other_and_is_not_tried_in_vain(exhibition, caplog):
    exhibition.grow()
    # A value that is no finite number reaches only the sweep: its picture is refused.
    exhibition.rounds.db.execute("UPDATE result SET measures = replace(measures, '1.5', '1e999')")
    with caplog.at_level(logging.ERROR, "axiom.draw"):
        assert exhibition.draw() == 5
        assert sorted(exhibition.shown()) == sorted(FINDING)
        assert exhibition.draw() == 0
    (message,) = [record.getMessage() for record in caplog.records if record.name == "axiom.draw"]
    assert message.startswith("figure.not_drawn name=experiment/1/sweep ")


def test_a_finding_without_a_value_has_no_picture_and_one_not_stored_is_drawn_again(exhibition):
    exhibition.rounds.lab.deploy(workunits=8, max_failures=1)
    exhibition.rounds.compute(8, by=lambda _order: None)
    exhibition.rounds.hold()
    assert (exhibition.draw(), exhibition.shown()) == (0, {})
    exhibition.grow()
    db = exhibition.rounds.db
    (pages,) = db.select("PRAGMA page_count")
    db.select(f"PRAGMA max_page_count = {pages['page_count']}")
    with pytest.raises(StorageFull):
        exhibition.draw()
    db.select("PRAGMA max_page_count = 1000000")
    stored = len(exhibition.shown()) // len(WIDTHS)
    assert stored < 4
    assert exhibition.draw() == 6 - stored
    assert sorted(exhibition.shown()) == sorted([*SWEEP, *FINDING])


@pytest.mark.parametrize("exhibition", [{"asks": False}], indirect=True)  # without any other picture
def test_credit_is_drawn_once_a_day(exhibition):
    drawn = []
    for _ in range(4):
        exhibition.rounds.lab.deploy(workunits=2)
        exhibition.rounds.compute()
        exhibition.rounds.hold()
        exhibition.draw()
        drawn.append(f"ledger/credit/{WIDTHS[0]}" in exhibition.shown())
        exhibition.rounds.lab.later(days=1)
    assert drawn == [False, False, True, True]
    before = exhibition.shown()["ledger/credit/660"]
    assert exhibition.draw() == 1
    assert exhibition.shown()["ledger/credit/660"] != before
    assert b"Credit awarded by the end of each day" in exhibition.body("ledger/credit/660", "svg")
    assert exhibition.draw() == 0

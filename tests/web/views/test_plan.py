"""The plan's page: what would be ordered, the fleet as a picture, and why cores are idle."""

from dataclasses import replace

import pytest

from axiom.domain.planning import (
    BlockWorth,
    FleetClass,
    Goal,
    IdleReason,
    Placement,
    Preview,
    Purpose,
    WorkAboveFloor,
)
from axiom.domain.rounds import Allotment, Plan, SkippedExperiment
from axiom.reads.plan import list_idle_reasons, plan_data
from axiom.store.experiments import releases

BEDROOM = "the-bedroom-pc"
_SUM = {"experiment_id": 1, "registration_id": 1, "name": "tiny_sum"}
ORDER = Allotment(experiment_id=1, workunits=12, replicates_each=2, registration_id=1, reason="<b>most</b>")
DEAR = SkippedExperiment(experiment_id=2, name="dear_sum", reason="nothing is concluded from it")
WORTH = {"design": "", "purpose": Purpose.NEW, "bits": 1.5, "core_seconds": 7_200.0, "weight": 2.0, "reason": "new"}
BUSY = {
    "busy": (("tiny_sum", 2), ("dear_sum", 1)),
    "planned": (("tiny_sum", 2),),
    "reasons": (IdleReason(reason="no memory is left", hosts=1, cores=3),),
}
SIZE = {"cores": 8, "gpus": 1, "memory_mb": 2_048, "hosts": 1, "gpu_tasks": 1, "idle_cores": 3}
AT_HOME = {"host_id": 7, "name": BEDROOM, "cores": 8, "idle_cores": 3, "memory_mb": 500, "gpu_tasks": 0, "reason": ""}
PREVIEW = Preview(
    plan=Plan(allotments=(ORDER,), skipped=(DEAR,), idle_cores=3, reason="12 workunits are ordered"),
    goals=(Goal(name="tiny_sum", design="", registration_id=7, replicates=100, ordered=16, core_seconds=3_600.0),),
    above=WorkAboveFloor(floor=0.001, core_seconds=720_000.0, designs=4, below=2, proposals=1),
    worths=(BlockWorth(**WORTH, **_SUM),),
    placements=(Placement(tasks=(("tiny_sum", 5),), **AT_HOME),),
    classes=(FleetClass(**SIZE, **BUSY),),
)


def test_all_hosts_are_looked_through_once_for_all_versions(browse, small_lab, prepared, sound, monkeypatch):
    small_lab.publish(prepared())
    small_lab.publish(sound)
    counted = [releases.measure_fleet(small_lab.db)]
    monkeypatch.setattr(releases, "measure_fleet", lambda _: counted.pop())
    assert len(browse(small_lab).get("/plan.json").json["plan"]["releases"]) == 2


def test_the_page_says_what_would_be_ordered_and_why_cores_idle_but_names_no_host(browse, small_lab):
    reader = browse(small_lab, preview=lambda: PREVIEW)
    page = reader.get("/plan")
    text = page.text.replace("&nbsp;", " ").replace("\u00a0", " ")
    assert page.status == 200
    assert "16 of 100 replicates of" in text
    assert 'href="/registrations/7"' in text
    facts = (
        "4 designs beside maps have 200 core-hours left",
        "Of 2 designs nothing more is worth it",
        ">1 proposal</a>",
    )
    assert [fact for fact in facts if fact not in text] == []
    assert reader.get("/plan.json").json["plan"]["above_floor"]["core_seconds"] == 720_000.0
    facts = ("12 workunits are ordered", "no memory is left", 'href="/experiments/tiny_sum"', "&lt;b&gt;most&lt;/b&gt;")
    assert [fact for fact in (*facts, ">1.5<", "othing is concluded from it") if fact not in text] == []
    assert " style=" not in text
    assert "<script" not in text.replace("<script src", "")
    for address in ("/plan", "/plan.json"):
        assert BEDROOM not in reader.get(address).text
    assert BEDROOM in str(plan_data(PREVIEW)), "a terminal of the laboratory shows it"
    picture = reader.get("/plan.json").json["plan"]["picture"]
    whole = [(part["name"], part["amount"]) for part in picture["whole"]]
    assert whole == [("tiny_sum", 4), ("dear_sum", 1), ("idle", 3)]
    assert sum(part["width"] for part in picture["whole"]) == pytest.approx(660, abs=0.2)
    assert [part["x"] for part in picture["whole"]] == pytest.approx([0, 330, 412.5], abs=0.1)
    classes = [(part["name"], part["amount"]) for part in picture["classes"][0]]
    assert classes == [("busy", 3), ("planned", 2), ("idle", 3)]
    (size,) = PREVIEW.classes
    for cores in (8, 0):
        full = replace(PREVIEW, classes=(replace(size, cores=cores, idle_cores=0, reasons=()),))
        reader = browse(small_lab, preview=lambda full=full: full)
        assert (reader.get("/plan").status, reader.get("/plan.json").json["plan"]["idle"]) == (200, [])
    many = replace(PREVIEW.plan, allotments=PREVIEW.plan.allotments * 75, skipped=PREVIEW.plan.skipped * 61)
    reader = browse(small_lab, preview=lambda: replace(PREVIEW, plan=many))
    assert reader.get("/plan").text.count("&lt;b&gt;most") == 60
    assert len(reader.get("/plan.json").json["plan"]["allotments"]) == 75


def test_idle_reasons_stand_by_their_cores_so_that_a_cut_drops_the_least():
    rows = [(64, "rare", 1, 2), (64, "common", 1, 40), (8, "common", 3, 20), (4, "small", 30, 50)]
    sizes = [{"cores": size, "reasons": [{"reason": why, "hosts": n, "cores": idle}]} for size, why, n, idle in rows]
    common, small, rare = list_idle_reasons(sizes)
    assert common == {"reason": "common", "hosts": 4, "cores": 60, "least": 8, "most": 64}
    assert (small["reason"], rare["reason"]) == ("small", "rare")

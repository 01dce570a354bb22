"""The plan's page: what would be ordered, the fleet as a picture, and why cores are idle."""

import re
from dataclasses import replace

import pytest

from axiom.domain.planning import Closing, FleetClass, Placement, Preview, Purpose, Worth
from axiom.domain.sessions import Allotment, Plan, Skipped
from axiom.web.views.plan import as_data

BEDROOM = "the-bedroom-pc"
PREVIEW = Preview(
    plan=Plan(
        allotments=(
            Allotment(
                experiment_id=1,
                workunits=12,
                replicates_each=2,
                registration_id=1,
                purpose="new",
                core_seconds=40.0,
                reason="blocks 0 to 2 of tiny_sum (new): <b>most</b> is told there",
            ),
        ),
        skipped=(Skipped(experiment_id=2, name="dear_sum", reason="nothing is concluded from it"),),
        idle_cores=3,
        reason="12 workunits of 1 experiments are ordered for 11 cores",
    ),
    worths=(
        Worth(
            experiment_id=1,
            registration_id=1,
            name="tiny_sum",
            design="",
            purpose=Purpose.NEW,
            bits=1.5,
            core_seconds=7_200.0,
            weight=2.0,
            reason="of 1 findings 1 not asked yet",
        ),
    ),
    placements=(
        Placement(
            host_id=7,
            name=BEDROOM,
            cores=8,
            tasks=(("tiny_sum", 5),),
            idle_cores=3,
            memory_mb=500,
            gpu_tasks=0,
            reason="no memory is left",
        ),
    ),
    closings=(
        Closing(
            experiment_id=1,
            registration_id=1,
            name="tiny_sum",
            block=0,
            replicates_left=8,
            seconds=7_000.0,
            reason="8 replicates of 1 s on 8 cores",
        ),
        Closing(
            experiment_id=1, registration_id=1, name="tiny_sum", block=1, replicates_left=8, seconds=None, reason="none"
        ),
    ),
    classes=(
        FleetClass(
            cores=8,
            gpus=1,
            memory_mb=2_048,
            hosts=1,
            busy=(("tiny_sum", 2), ("dear_sum", 1)),
            planned=(("tiny_sum", 2),),
            gpu_tasks=1,
            idle_cores=3,
            reasons=(("no memory is left", 1),),
        ),
    ),
)


@pytest.fixture
def planned(browse, small_lab):
    return browse(small_lab, preview=lambda: PREVIEW)


def test_the_page_says_what_would_be_ordered_and_why_cores_are_idle(planned):
    page = planned.get("/plan")
    assert page.status == 200
    text = re.sub(r"\s+", " ", page.text.replace("\u00a0", " ").replace("&nbsp;", " "))
    assert "3 cores would stay idle" in text
    assert "12 workunits of 1 experiments are ordered for 11 cores." in text
    assert "1 host of 8 cores: no memory is left" in text
    assert '<a href="/experiments/tiny_sum">tiny_sum</a>' in text
    assert "Blocks 0 to 2 of tiny_sum (new): &lt;b&gt;most&lt;/b&gt;" in text
    assert "<td>2 hours</td>" in text
    assert "<td>not known</td>" in text
    assert ">1.5</td>" in text
    assert "Nothing is concluded from it" in text


def test_the_picture_has_a_part_for_each_experiment_and_for_what_is_idle(planned):
    picture = planned.get("/plan.json").json["plan"]["picture"]
    assert [(part["name"], part["amount"]) for part in picture["whole"]] == [
        ("tiny_sum", 4),
        ("dear_sum", 1),
        ("idle", 3),
    ]
    assert sum(part["width"] for part in picture["whole"]) == pytest.approx(660, abs=0.2)
    assert [part["x"] for part in picture["whole"]] == pytest.approx([0, 330, 412.5], abs=0.1)
    assert [(part["name"], part["amount"]) for part in picture["classes"][0]] == [
        ("busy", 3),
        ("planned", 2),
        ("idle", 3),
    ]


def test_nothing_is_styled_or_run_within_the_page(planned):
    text = planned.get("/plan").text
    assert " style=" not in text
    assert "<script" not in text.replace("<script src", "")


def test_what_a_host_is_called_is_its_volunteer_s_business(planned):
    for address in ("/plan", "/plan.json"):
        assert BEDROOM not in planned.get(address).text
    assert BEDROOM in str(as_data(PREVIEW)), "a terminal of the laboratory shows it"


def test_a_laboratory_without_hosts_says_so(empty_site):
    text = empty_site.get("/plan").text
    assert "No computer is here to plan for" in text
    assert "Nothing would be ordered now." in text
    assert "No question is open of which a block could be ordered." in text


def test_when_no_core_is_idle_there_is_no_section_about_it(browse, small_lab):
    (one,) = PREVIEW.classes
    full = replace(PREVIEW, classes=(replace(one, idle_cores=0, reasons=()),))
    text = browse(small_lab, preview=lambda: full).get("/plan").text
    assert "Every core has something to do" in text
    assert "Why cores are idle" not in text


def test_a_host_that_gives_no_core_is_not_called_busy(browse, small_lab):
    (one,) = PREVIEW.classes
    none = replace(PREVIEW, classes=(replace(one, cores=0, idle_cores=0, reasons=()),))
    text = browse(small_lab, preview=lambda: none).get("/plan").text
    assert "No core is here to plan for" in text
    assert "Every core has something to do" not in text


def test_every_reader_finds_the_way_to_it(site_of):
    assert 'href="/plan"' in site_of.get("/status").text
    assert "Perhaps you meant" in site_of.get("/plam").text


def test_of_many_rows_the_page_shows_some_and_says_how_many_more_there_are(browse, small_lab):
    many = replace(PREVIEW.plan, allotments=PREVIEW.plan.allotments * 75, skipped=PREVIEW.plan.skipped * 61)
    answer = browse(small_lab, preview=lambda: replace(PREVIEW, plan=many))
    text = answer.get("/plan").text
    assert text.count("Blocks 0 to 2") == 60
    assert "15 more stand in" in text
    assert "1 more stand in" in text
    assert len(answer.get("/plan.json").json["plan"]["allotments"]) == 75

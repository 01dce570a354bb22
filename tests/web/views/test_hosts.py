"""Pages of hosts: what everybody may know of a computer, how it stands, and why it gets no work."""

from dataclasses import replace

import pytest
from furnished_lab import HOSTILE, fill, register, said_of

from axiom.domain.fleet import Standing
from axiom.store.accounts import accounts
from axiom.store.hosts import hosts
from axiom.web.base.request import Reading
from axiom.web.site.templates import environment
from axiom.web.views.hosts import why


def of(reply, number: int) -> dict:
    return next(host for host in reply.json["hosts"] if host["number"] == number)


def test_only_the_laboratory_s_own_host_is_shown_by_its_name(site_of):
    listed = site_of.get("/hosts.json")
    assert [of(listed, number)["name"] for number in (1, 2, 3)] == [HOSTILE, "host 2", "host 3"]
    assert [of(listed, number)["volunteer"] for number in (2, 3)] == [{"number": 2, "name": f"Grace {HOSTILE}"}, None]


@pytest.mark.parametrize("secret", ["grace.example", "shy.example", "@lab.example"])
def test_no_page_tells_what_a_volunteer_s_computer_is_called(site_of, secret):
    for path in (
        "/hosts",
        "/hosts/2",
        "/hosts/3",
        "/volunteers",
        "/volunteers/2",
        "/volunteers/3",
        "/teams/1",
        "/tasks/4",
    ):
        assert secret not in site_of.get(path).text, path
        assert secret not in site_of.get(f"{path}.json").text, path


def test_a_volunteer_who_shows_no_hosts_stays_unknown_on_their_page(site_of):
    host, page = site_of.get("/hosts/3.json").json["host"], site_of.get("/hosts/3").text
    assert host["volunteer"] is None
    assert "Shy" not in page
    assert "does not show which hosts are theirs" in page
    volunteer = site_of.get("/volunteers/3.json").json["volunteer"]
    assert (volunteer["hosts"], volunteer["host_count"]) == (None, None)
    assert "/hosts/3" not in site_of.get("/volunteers/3").text


def test_a_host_s_list_says_credit_and_how_its_last_tasks_ended(site_of):
    ours, graces, idle = (of(site_of.get("/hosts.json"), number) for number in (1, 2, 3))
    assert (ours["credit"], ours["lately"]) == (0.04, {"valid": 2, "not_valid": 1, "of": 3})
    assert (graces["credit"], graces["lately"]) == (0.0, {"valid": 0, "not_valid": 1, "of": 1})
    assert idle["lately"]["of"] == 0


def test_what_a_client_says_of_its_computer_is_taken_as_words_and_nothing_else(site_of):
    host = site_of.get("/hosts/2.json").json["host"]
    assert host["processor"] == f"Processor {HOSTILE}"
    assert host["system"] == "Windows"  # the version was no text
    assert host["gpus"] == [{"kind": "NVIDIA", "model": f"Fast {HOSTILE}", "count": 2, "memory_mb": 8_192}]
    assert set(host) & {"cpid", "domain_name", "timezone", "venue", "facts"} == set()


def test_long_and_unprintable_words_of_a_client_are_cut_and_cleaned(browse, small_lab):
    fill_one(small_lab, model="x" * 500 + "\x1b[31m\u202e", system="\u202eLinux\n")
    host = browse(small_lab).get("/hosts/1.json").json["host"]
    assert host["processor"] == "x" * 120
    assert host["system"] == "Linux"


def fill_one(lab, **facts: str) -> None:
    """One host of a volunteer, of which its client says this."""
    with lab.db.transaction():
        hosts.add(lab.db, register(lab, "Ada"), replace(said_of("name"), facts=facts), lab.now)


def test_a_host_s_tasks_are_counted_by_state_and_found_by_it(site_of):
    host = site_of.get("/hosts/1.json").json["host"]
    assert host["tasks_by_state"] == {"valid": 2, "invalid": 1}
    page = site_of.get("/hosts/1").text
    assert '<a href="/hosts/1?state=invalid">1 invalid</a>' in page
    chosen = site_of.get("/hosts/1.json?state=invalid").json["host"]
    assert [task["number"] for task in chosen["tasks"]] == [3]
    mistyped = site_of.get("/hosts/1.json?state=nonsense")
    assert (mistyped.status, mistyped.json["host"]["tasks"], mistyped.json["host"]["next"]) == (400, [], None)
    assert "state=nonsense means nothing here; state is unsent, sent" in site_of.get("/hosts/1?state=nonsense").text
    assert site_of.get("/hosts/1.json?before=1").json["host"]["tasks"] == []


def test_no_task_is_lost_between_pages_while_tasks_leave_the_list(browse, working_lab):
    working_lab.deploy(workunits=80)
    large = working_lab.host("large", cores=80, memory_mb=80_000)
    working_lab.ask(large, wanted=70)
    site_of = browse(working_lab)
    first = site_of.get(f"/hosts/{large}.json?state=sent").json["host"]
    numbers = [task["number"] for task in first["tasks"]]
    with working_lab.db.transaction():
        for number in numbers[:2]:
            working_lab.db.execute("UPDATE task SET state = 'aborted' WHERE id = :id", id=number)
    assert first["next"].startswith(f"/hosts/{large}.json?")
    after = site_of.get(first["next"]).json["host"]
    assert after["tasks"][0]["number"] == numbers[-1] - 1
    assert [task["number"] for task in site_of.get(after["previous"]).json["host"]["tasks"]] == numbers[2:]


def test_tasks_in_hand_stand_apart(site_of):
    host = site_of.get("/hosts/2.json").json["host"]
    assert [task["state"] for task in host["computing"]] == ["sent"]
    assert host["in_hand"] == 1


def test_of_hundreds_of_tasks_in_hand_a_page_names_the_first(browse, working_lab):
    working_lab.deploy(workunits=80)
    large = working_lab.host("large", cores=80, memory_mb=80_000)
    working_lab.ask(large, wanted=70)
    site = browse(working_lab)
    host = site.get(f"/hosts/{large}.json").json["host"]
    assert (host["in_hand"], [task["number"] for task in host["computing"]]) == (70, list(range(1, 51)))
    assert "The 50 that it got first." in site.get(f"/hosts/{large}").text


@pytest.mark.parametrize(("number", "replicates"), [(1, 5), (2, 2), (3, 0)])
def test_a_host_names_the_findings_that_rest_on_its_results(site_of, number, replicates):
    found = site_of.get(f"/hosts/{number}.json").json["host"]["findings"]
    assert [(row["number"], row["replicates"], row["of"]) for row in found] == (
        [(1, replicates, 7)] if replicates else []
    )
    assert ("No finding rests on its results yet" in site_of.get(f"/hosts/{number}").text) == (not replicates)


@pytest.mark.parametrize(("status", "is_said"), [("recalled", True), ("suspended", True), ("open", False)])
def test_a_finding_beside_a_host_does_not_hide_that_it_is_void(site_of, status, is_said):
    found = site_of.get("/hosts/1.json").json["host"]["findings"]
    made = '{% import "parts.html" as parts %}{{ parts.supported(rows, "Findings") }}'
    said = environment().from_string(made).render(rows=[row | {"status": status} for row in found])
    assert (f" · {status}</td>" in said) == is_said


def test_why_a_host_gets_no_work_stands_on_its_page(site_of):
    page = site_of.get("/hosts/3").text
    assert "No waiting task fits into its memory of 7,900 MB." in page
    assert (
        site_of.get("/hosts/3.json").json["host"]["why_no_work"] == "no waiting task fits into its memory of 7,900 MB"
    )


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (1, "Host 1 got work when it last asked for some."),
        (3, "Host 3 got no work when it last asked: no waiting task fits into its memory of 7,900 MB."),
        (4, "Host 4 has not asked for work yet."),
    ],
)
def test_one_sentence_says_why(small_lab, prepared, number, sentence):
    fill(small_lab, prepared)
    small_lab.host("new")
    reading = Reading(db=small_lab.db, folder=small_lab.folder, now=small_lab.now, name="Small & Sons", live=dict)
    assert why(reading, number)["host"]["reason"] == sentence


@pytest.mark.parametrize(
    ("standing", "speed", "said"),
    [
        (Standing(), None, ["Nothing is known of its work yet.", "It may have as many tasks a day as any host."]),
        (Standing(valid_in_row=1), None, ["1 valid task since the last that was not."]),
        (
            Standing(valid_in_row=1_234),
            2.0,
            ["1,234 valid tasks in a row since", "2 times as fast as a reference core"],
        ),
        (Standing(quota=7), None, ["was not valid, failed or was never returned", "7 tasks a core and day"]),
        (Standing(valid_in_row=3, turnaround_seconds=7_200.0), None, ["back 2\u00a0hours after it was sent"]),
    ],
)
def test_how_a_host_stands_is_said_in_words(browse, small_lab, standing, speed, said):
    host = small_lab.host()
    with small_lab.db.transaction():
        hosts.set_standing(small_lab.db, host, standing, speed=speed)
    words = " ".join(browse(small_lab).get("/hosts/1.json").json["host"]["standing"]["in_words"])
    for part in said:
        assert part in words


def test_a_long_list_is_leafed_through(browse, small_lab):
    for number in range(120):
        small_lab.host(f"host {number}")
    reader = browse(small_lab)
    seen, address = [], "/hosts.json"
    while address:
        page = reader.get(address).json
        seen += [host["number"] for host in page["hosts"]]
        assert page["of"] == 120
        address = page["next"]
    assert seen == list(range(1, 121))
    assert reader.get("/hosts.json?before=101").json["hosts"][-1]["number"] == 100
    assert "No host has such a number" in reader.get("/hosts?after=500").text
    assert len(reader.get("/hosts.json?after=nonsense&before=-1").json["hosts"]) == 50


def test_a_computer_s_details_are_shown_by_choice_alone(browse, small_lab):
    fill_one(small_lab, model="Fast Core 9", system="Rare OS", boinc="8.0.2")
    with small_lab.db.transaction():
        accounts.hide_hosts(small_lab.db, hosts.host(small_lab.db, 1).volunteer_id)
    site_of = browse(small_lab)
    pages = [site_of.get(f"/hosts{each}").text for each in ("", ".json", "/1", "/1.json")]
    assert [word for word in ("Fast Core", "Rare OS", "8.0.2") for page in pages if word in page] == []
    assert all("linux" in page.casefold() or "windows" in page.casefold() for page in pages)

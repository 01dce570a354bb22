"""A plan in a terminal: hosts by their size, reasons under what they are reasons for, and never wider than it is."""

import pytest

from axiom.cli.session.plan import show_plan


def plan(**besides):
    return {
        "allotments": [],
        "idle_cores": 0,
        "skipped": [],
        "reason": "0 workunits of 0 experiments are ordered for 8 cores",
        "classes": [],
        "hosts": [],
        "blocks": [],
        "worth": [],
    } | besides


def sized(cores, hosts, planned, *, idle=0, reasons=()):
    return {
        "cores": cores,
        "gpus": 0,
        "memory_mb": 4_096,
        "hosts": hosts,
        "busy": {},
        "planned": planned,
        "gpu_tasks": 0,
        "idle_cores": idle,
        "reasons": list(reasons),
    }


@pytest.fixture
def shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    def of(**besides):
        show_plan(plan(**besides))
        return capsys.readouterr().out.splitlines()

    return of


def test_a_reason_stands_under_what_it_is_a_reason_for(shown):
    ordered = [
        {"name": "sums", "workunits": 3, "replicates_each": 1, "reason": "the pilot of sums"},
        {"name": "heavy", "workunits": 1_200, "replicates_each": 8, "reason": "no other can take it"},
        {"name": "heavy", "workunits": 1, "replicates_each": 5, "reason": "no other can take it"},
    ]
    lines = shown(allotments=ordered)
    assert lines[lines.index("What would be ordered") :][:5] == [
        "What would be ordered",
        "  sums  3 × 1 replicate",
        "    the pilot of sums",
        "  heavy  1,200 × 8 replicates and 1 × 5 replicates",
        "    no other can take it",
    ]


def test_hosts_of_one_size_are_one_line_and_why_their_cores_are_idle_another(shown):
    reasons = [{"reason": "no memory is left for one more task", "hosts": 9}]
    small = sized(4, 1, {}, idle=4, reasons=[reasons[0] | {"hosts": 1}])
    many = sized(8, 40, dict.fromkeys("abcde", 60), idle=20, reasons=reasons)
    lines = shown(classes=[sized(100, 1, {"a": 100}), many, small])
    table = lines[lines.index("Where it would go") + 1 :]
    assert [line.split() for line in table[1:3]] == [
        ["100", "–", "4", "1", "0", "100", "0", "a"],
        ["8", "–", "4", "40", "0", "300", "20", "a", "+4"],
    ]
    idle = lines[lines.index("Why cores stay idle") + 1 :]
    assert idle[:2] == ["  10 hosts of 4 to 8 cores", "    no memory is left for one more task"]


def test_smaller_hosts_than_a_dozen_sizes_are_told_as_a_range(shown):
    lines = shown(classes=[sized(cores, 3, {"a": cores}, idle=1) for cores in range(20, 5, -1)])
    assert "  and 9 more hosts of 6 to 8 cores: 21 planned, 3 idle; --json has all" in lines
    assert sum(line.startswith(("20 ", "9 ")) for line in lines) == 2
    assert not any(line.startswith("8 ") for line in lines)


def test_what_is_left_alone_for_one_reason_is_one_line_and_a_block_says_when_it_closes(shown):
    skipped = [{"name": name, "reason": "settled"} for name in ("a", "b", "c", "d")]
    lines = shown(skipped=[*skipped, {"name": "e", "reason": "paused"}])
    alone = lines[lines.index("What is left alone") + 1 :]
    assert alone == ["  a, b, c and 1 more", "    settled", "  e", "    paused"]
    closing = {"name": "sums", "registration_id": 1, "block": 2, "replicates_left": 8, "reason": "8 replicates"}
    other = closing | {"name": "heavy", "registration_id": 2, "seconds": None}
    lines = shown(blocks=[closing | {"seconds": 60.0}, closing | {"block": 3, "seconds": 7_200.0}, other])
    text = " ".join(lines).replace("\u00a0", " ")
    assert [
        fact for fact in ("1 minute", "1 more in about 2 hours", "heavy, block 2: not known") if fact not in text
    ] == []


def test_no_line_is_wider_than_the_terminal_and_long_lists_say_how_much_more_there_is(shown):
    order = {"workunits": 3, "replicates_each": 1, "reason": "because " * 30}
    worth = {"name": "compositional_generalization", "purpose": "generality", "bits": 0.123456, "weight": 1.0}
    worth |= {"core_seconds": 123_456.0, "per_core_hour": 0.00123}
    lines = shown(allotments=[{"name": f"experiment_{place}", **order} for place in range(50)], worth=[worth] * 50)
    assert max(map(len, lines)) <= 80
    assert lines.count("  and 38 more; --json has all") == 2

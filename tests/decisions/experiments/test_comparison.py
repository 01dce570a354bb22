"""What two declarations say differently, part by part."""

from axiom.decisions.experiments.comparison import declared_differences

BASE = {
    "version": 1,
    "configs": [{"size": 1}, {"size": 2}],
    "cell_seconds": [1.0, 1.0],
    "measures": [["total", "float", False]],
    "estimands": [{"name": "grows", "claim": "it grows", "smallest": 0.1, "prediction": {"absent": 0.2}}],
    "controls": [],
    "figure": None,
    "ranges": {"size": [1.0, 9.0]},
}


def differing(**changes) -> list[tuple]:
    return [(one.part, one.first, one.second) for one in declared_differences(BASE, BASE | changes)]


def test_each_part_is_named_with_what_both_say_whatever_its_order():
    assert differing() == differing(configs=BASE["configs"][::-1]) == []
    assert differing(version=2, figure={"x": "size"}) == [("version", 1, 2), ("figure", None, {"x": "size"})]
    assert differing(ranges={"size": [1.0, 5.0]}) == [("ranges size", [1.0, 9.0], [1.0, 5.0])]
    assert differing(measures=[["total", "float", True]]) == [("measures total", ["float", False], ["float", True])]


def test_configs_are_those_that_the_other_lacks_and_seconds_those_of_all():
    assert differing(configs=[{"size": 2}, {"size": 3}, {"size": 4}], cell_seconds=[1.0, 1.0, 1.0]) == [
        ("configs", [{"size": 1}], [{"size": 3}, {"size": 4}]),
        ("seconds", 2.0, 3.0),
    ]


def test_estimands_meet_by_their_names():
    (grows,) = BASE["estimands"]
    other = grows | {"name": "falls"}
    assert differing(estimands=[other, grows | {"prediction": {"absent": 0.5}}]) == [
        ("estimands grows prediction absent", 0.2, 0.5),
        ("estimands falls", None, other),
    ]

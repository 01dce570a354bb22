from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.figures.ascii import sketch_sweep
from axiom_weigh.figures.picture_data import SweepPoint

NUMBERS = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-9)
LEVELS = st.one_of(st.integers(-9, 9_999), NUMBERS, st.text("abcdefghij", max_size=30), st.booleans())
POINTS = st.builds(
    SweepPoint, x=LEVELS, estimate=NUMBERS, low=st.none() | NUMBERS, high=st.none() | NUMBERS, series=st.none() | LEVELS
)

GOLDEN = """\
movement
     │  ┬
   1 ┤  ●
     │          ●
 0.5 ┤                  ●
     │                  ┴       ┬
 0.2 ┤                          ●        ┬
 0.1 ┤                                   ●
     │                                           ●
0.05 ┤                                                   ●
     │                                                   ┴
     └──┬───────┬───────┬───────┬────────┬───────┬───────┬──
        8      16      32      64       128     256     512
                              width
"""


def test_a_sweep_as_it_looks_in_a_terminal(requests):
    request = requests["sweep"]
    assert sketch_sweep(request.points, x=request.x, y=request.y, log=request.log) == GOLDEN.rstrip("\n")
    text = sketch_sweep(requests["series"].points, x="depth", y="effective_rank")
    assert text.split("\n")[-1] == "● 0.01  ■ 0.03  ▲ 0.1  ◆ 0.3  ▼ 1  + 3"
    assert all(sign in text for sign in "●■▲◆▼")
    assert sketch_sweep([SweepPoint(x=1, estimate=None)], x="width", y="loss") == ""


@settings(max_examples=30)
@given(st.lists(POINTS, max_size=12), st.sampled_from([(), ("x",), ("y",), ("x", "y")]))
def test_a_sketch_stays_within_sixty_columns_and_fifteen_rows(points, log):
    text = sketch_sweep(points, x="a_factor_with_a_name", y="measure", log=log)
    lines = text.split("\n")
    assert len(lines) <= 15
    assert max(len(line) for line in lines) <= 60
    assert bool(text) == bool(points)
    assert "\x1b" not in text


@settings(max_examples=30)
@given(st.lists(POINTS, max_size=12), st.sampled_from([(), ("y",)]), st.integers(-250, 250))
def test_a_sketch_stays_there_whatever_the_unit_of_its_numbers(points, log, power):
    for point in points:
        sizes = {name: getattr(point, name) for name in ("estimate", "low", "high")}
        scaled = {name: size and size * 10.0**power for name, size in sizes.items()}
        text = sketch_sweep([replace(point, **scaled)], x="a_factor", y="measure", log=log)
        assert max(len(line) for line in text.split("\n")) <= 60
        assert max(len(line.partition("┤")[0]) for line in text.split("\n") if "┤" in line) <= 20


def test_an_interval_reaches_from_its_low_to_its_high_end():
    points = [SweepPoint(x=1, estimate=0.5, low=0.0, high=1.0), SweepPoint(x=2, estimate=0.5)]
    rows = sketch_sweep(points, x="width", y="loss").split("\n")[1:11]
    column = next(row.index("●") for row in rows if "●" in row)
    assert "".join(row[column] for row in rows) == "┬│││●││││┴"

"""A sweep drawn with characters, for the end of a command: axes, medians and intervals, without a single colour."""

from collections.abc import Sequence

from axiom_weigh.figures.picture_data import SweepPoint
from axiom_weigh.figures.scales import Scale, format_value, of_intervals

_WIDEST = 60
_HEIGHT = 10  # rows of the plot; with the heading, the axis, its labels and the names at most 15
_SIGNS = "●■▲◆▼+"


def sketch_sweep(points: Sequence[SweepPoint], *, x: str, y: str, log: Sequence[str] = ()) -> str:
    """Return the picture of a sweep in at most 60 columns and 15 rows. "" of no median."""
    shown = [point for point in points if point.estimate is not None]
    if not shown:
        return ""
    scale = _vertical(shown, log)
    margin = max(len(label) for label in scale.labels)
    room = _WIDEST - margin - 2
    columns, labels = _horizontal(shown, log, room)
    names = list(dict.fromkeys(point.series for point in shown))[: len(_SIGNS)]
    grid = [[" "] * room for _ in range(_HEIGHT)]
    for sign, name in zip(_SIGNS, names, strict=False):
        for point in shown:
            if point.series == name:
                _draw(grid, columns[repr(point.x)], point, sign, scale)
    lines = [y, *_framed(grid, scale, margin), *_floor(labels, margin, room, x)]
    if len(names) > 1:
        lines.append("  ".join(f"{sign} {format_value(name)}" for sign, name in zip(_SIGNS, names, strict=False)))
    return "\n".join(line[:_WIDEST].rstrip() for line in lines)


def _vertical(points: Sequence[SweepPoint], log: Sequence[str]) -> Scale:
    medians = [point.estimate for point in points if point.estimate is not None]
    ends = [end for point in points for end in (point.low, point.high) if end is not None]
    return of_intervals(medians, ends, is_log="y" in log, about=4, margin=0.0)


def _horizontal(points: Sequence[SweepPoint], log: Sequence[str], room: int) -> tuple[dict[str, int], dict[int, str]]:
    """Return the column of each level, and what is written below which column."""
    levels = {repr(point.x): point.x for point in points}  # true and 1 are equal, and two levels
    numbers = {
        key: float(level)
        for key, level in levels.items()
        if isinstance(level, int | float) and not isinstance(level, bool)
    }
    if len(numbers) < len(levels):
        columns = {key: round((place + 0.5) * room / len(levels)) for place, key in enumerate(levels)}
    elif len(set(numbers.values())) == 1:
        columns = dict.fromkeys(numbers, room // 2)
    else:
        low, high = min(numbers.values()), max(numbers.values())
        scale = Scale(low=low, high=high, ticks=(), labels=(), is_log="x" in log and low > 0)
        columns = {key: 2 + round(scale.place(number) * (room - 5)) for key, number in numbers.items()}
    return columns, {columns[key]: format_value(level) for key, level in levels.items()}


def _draw(grid: list[list[str]], column: int, point: SweepPoint, sign: str, scale: Scale) -> None:
    """Put the interval, then the median over it; a median always wins its place."""

    def row(value: float) -> int:
        return round((1 - scale.place(value)) * (_HEIGHT - 1))

    if point.estimate is None:
        return
    middle = row(point.estimate)
    top = row(point.high) if point.high is not None else middle
    bottom = row(point.low) if point.low is not None else middle
    for height in range(top, bottom + 1):
        if grid[height][column] == " ":
            is_end = height == top != bottom, height == bottom != top
            grid[height][column] = "┬" if is_end[0] else "┴" if is_end[1] else "│"
    grid[middle][column] = sign


def _framed(grid: Sequence[Sequence[str]], scale: Scale, margin: int) -> list[str]:
    marks = {
        round((1 - scale.place(tick)) * (_HEIGHT - 1)): label
        for tick, label in zip(scale.ticks, scale.labels, strict=True)
    }
    return [
        f"{marks.get(number, ''):>{margin}} {'┤' if number in marks else '│'}{''.join(row)}"
        for number, row in enumerate(grid)
    ]


def _floor(labels: dict[int, str], margin: int, room: int, x: str) -> list[str]:
    """The axis with a tick at every level, and below it as many labels as fit side by side."""
    axis = ["─"] * room
    written = ""
    for column, label in sorted(labels.items()):
        axis[column] = "┬"
        start = min(max(0, column - len(label) // 2), room - len(label))
        if start >= len(written) + (1 if written else 0):
            written = written.ljust(start) + label
    lead = " " * (margin + 2)
    return [f"{' ' * (margin + 1)}└{''.join(axis)}", lead + written, lead + x.center(room).rstrip()]

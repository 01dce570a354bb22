"""The list of maps, and one map as it is looked at from an address."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence

from axiom.domain.headlines.numbers import format_number
from axiom.domain.maps import WHERE, Map, Tile, place_of
from axiom.errors import WrongUse
from axiom.reads.base.docstring import describe_papers
from axiom.reads.base.host_owner import find_host_owner
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.maps import map_view
from axiom.reads.maps.map_view import Aspect, ShownMap, list_maps, require_map
from axiom.reads.questions import describe_answer
from axiom.store.maps.tiles import DrawnTile
from axiom.store.maps.windows import compute_axis_share, compute_pixel_middles, tile_window
from axiom.store.views import findings, maps
from axiom.store.views.findings import FindingBrief
from axiom.web.maps import colours, map_data
from axiom.web.maps.axes import describe_axis, format_knob
from axiom.web.maps.pixels import MapLook, picture_levels
from axiom.web.maps.png import Colour

_QUARTERS = ("lower left", "lower right", "upper left", "upper right")
_AGAINST = ", and in the other: "


@page_at("/maps", "maps.html")
def maps_page(reading: Reading) -> Answer:
    """The newest version of every map: those with a picture before those without, and the newest first."""
    drawn = maps.count_drawn_tiles(reading.db)
    in_order = sorted(list_maps(reading), key=lambda shown: shown.stored.id not in drawn)
    briefs = findings.list_finding_briefs(reading.db)
    return {"maps": [_row(reading, shown, drawn.get(shown.stored.id, {}), briefs) for shown in in_order]}


@page_at("/maps/{name}", "map.html", words=f"{map_data.WORDS} column row against x y")
def map_page(reading: Reading, name: str) -> Answer:
    """One map, as the address looks at it."""
    shown = require_map(reading, name)
    try:
        look, aspect = _requested_view(reading, shown)
        reading.look_at(shown.stored.id, place_of(aspect.tile, aspect.arm))
        misread: list[str] = []
    except WrongUse as error:  # nothing is shown in its place but the whole map
        look = MapLook(reading.db, shown, min(shown.arms))
        aspect = Aspect(tile=Tile(), arm=min(shown.arms), replicate=next(iter(look.replicates), None))
        misread = [str(error)]
    drawn = maps.count_drawn_tiles(reading.db).get(shown.stored.id, {})
    return {
        "misread": misread,
        "map": _row(reading, shown, drawn, findings.list_finding_briefs(reading.db))
        | {
            "reference": "; ".join(paper["text"] for paper in describe_papers(reading, shown.manifest.reference)),
            "x": describe_axis(shown.drawn.x, aspect.tile, is_row=False),
            "y": describe_axis(shown.drawn.y, aspect.tile, is_row=True),
            **aspect.tile.factors,
            "arm": aspect.arm,
            "against": aspect.against,
            "replicate": aspect.replicate,
            "detail": look.shown.detail(aspect.tile),
            "pixels": shown.drawn.pixels,
            "lowest": shown.drawn.deepest,
            "here": aspect.address(shown.path),
            "tiles_at": aspect.picture(shown.path, "tiles").rpartition("/")[0],
            "moves": _moves(shown, aspect),
            "choices": _choices(shown, aspect),
            "legend": _legend(shown.drawn, look, aspect),
            "seconds": max(shown.manifest.cell_seconds, default=0.0),
            **(_view(reading, look, aspect) if look.replicates else {"picture": None}),
        },
    }


def _row(reading: Reading, shown: ShownMap, drawn: Mapping[int, int], briefs: Sequence[FindingBrief]) -> Answer:
    arm = min(shown.arms)
    first = next(iter(MapLook(reading.db, shown, arm).replicates), None)
    whole = Aspect(tile=Tile(), arm=arm, replicate=first)
    return {
        "name": shown.stored.name,
        "version": shown.stored.version,
        "title": shown.drawn.title,
        "question": shown.manifest.question,
        **_answer(reading, shown, briefs),
        "href": shown.path,
        "experiment": f"/experiments/{shown.name}",
        "tiles": sum(drawn.values()),
        "deepest": max(drawn, default=None),
        "first": None if first is None else whole.picture(shown.path, "tiles"),
    }


def _answer(reading: Reading, shown: ShownMap, briefs: Sequence[FindingBrief]) -> Answer:
    """What each of its findings says, and the headline of its question where they give one."""
    views = findings.list_experiment_findings(reading.db, shown.stored.id)
    own = [brief for brief in briefs if brief.experiment_id == shown.stored.id]
    answer = describe_answer(reading, shown.stored, shown.manifest, own)
    return {
        "answers": [{"number": view.finding.number, "answer": view.answer} for view in views],
        "answer": None if answer["recorded"] else answer["headline"],
        "asked_at": f"/questions/{shown.stored.name}",
    }


def _requested_view(reading: Reading, shown: ShownMap) -> tuple[MapLook, Aspect]:
    """What the address asks for; a sentence where it means nothing, or something that is not there."""
    query = {word: text for word, text in reading.query.items() if text}
    arm = map_view.require_arm(shown, query.get("arm", str(min(shown.arms))))
    against = map_view.require_arm(shown, query["against"]) if "against" in query else None
    if against == arm:
        raise WrongUse(f"Arm {arm} does not differ from itself; choose another one for the difference.")
    tile = map_view.require_tile(shown, *(query.get(word, "0") for word in WHERE))
    look = MapLook(reading.db, shown, arm, against)
    replicate = next(iter(look.replicates), None)
    if "replicate" in query:
        replicate = map_view.require_replicate(shown, query["replicate"], look.replicates)
    point = None
    if "x" in query or "y" in query:
        drawn = shown.drawn
        middle = _middle(drawn, tile)
        point = (
            map_view.require_knob(drawn.x, "x", query["x"]) if "x" in query else middle[0],
            map_view.require_knob(drawn.y, "y", query["y"]) if "y" in query else middle[1],
        )
        for axis, value, is_row in ((drawn.x, point[0], False), (drawn.y, point[1], True)):
            low, high = tile.span(axis, is_row=is_row)
            if not low <= value <= high:
                range_in_words = (
                    f"{axis.name} goes from {format_knob(low, low, high)} to {format_knob(high, low, high)}"
                )
                raise WrongUse(f"{format_number(value)} lies outside of this view, where {range_in_words}.")
    return look, Aspect(tile=tile, arm=arm, against=against, replicate=replicate, point=point)


def _middle(drawn: Map, tile: Tile) -> tuple[float, float]:
    side = 1 << tile.level
    return drawn.x.at((tile.column + 0.5) / side), drawn.y.at((tile.row + 0.5) / side)


def _moves(shown: ShownMap, aspect: Aspect) -> Answer:
    """Where the controls lead; None where the map ends."""
    tile, path = aspect.tile, shown.path

    def to(level: int, column: int, row: int) -> str | None:
        target = Tile(level=level, column=column, row=row)
        is_there = target.is_there and level <= shown.drawn.deepest
        return _at_tile(aspect, target).address(path) if is_there else None

    def neighbour(right: int, up: int) -> str | None:
        return to(tile.level, tile.column + right, tile.row + up)

    point = aspect.point or _middle(shown.drawn, tile)
    side = 1 << (tile.level + 1)
    right, upper = (
        min(max(int(compute_axis_share(axis, value) * side) - 2 * start, 0), 1)
        for axis, value, start in ((shown.drawn.x, point[0], tile.column), (shown.drawn.y, point[1], tile.row))
    )
    quarters = [to(tile.level + 1, 2 * tile.column + across, 2 * tile.row + up) for up in (0, 1) for across in (0, 1)]
    return {
        "in": quarters[2 * upper + right],
        "out": to(tile.level - 1, tile.column // 2, tile.row // 2) if tile.level else None,
        "left": neighbour(-1, 0),
        "right": neighbour(1, 0),
        "up": neighbour(0, 1),
        "down": neighbour(0, -1),
        "whole": to(0, 0, 0) if tile.level else None,
        "quarters": [{"where": where, "href": href} for where, href in zip(_QUARTERS, quarters, strict=True) if href],
    }


def _at_tile(aspect: Aspect, tile: Tile) -> Aspect:
    return Aspect(tile=tile, arm=aspect.arm, against=aspect.against, replicate=aspect.replicate)


def _choices(shown: ShownMap, aspect: Aspect) -> Answer:
    """The other arms, the replicates, all together, and the differences; each with its address."""

    def to(arm: int, against: int | None, replicate: int | None) -> str:
        target = Aspect(tile=aspect.tile, arm=arm, against=against, replicate=replicate, point=aspect.point)
        return target.address(shown.path)

    others = [arm for arm in shown.arms if arm != aspect.arm]
    near = [arm for arm in others if len(shown.apart(aspect.arm, arm)) == 1] or others
    if aspect.against is not None and aspect.against not in near:
        near = [*near, aspect.against]
    return {
        "arms": [
            {
                "arm": arm,
                "words": shown.arm_in_words(arm),
                "href": to(arm, None, aspect.replicate),
                "is_here": arm == aspect.arm,
            }
            for arm in shown.arms
        ]
        if len(shown.arms) > 1
        else [],
        "differences": [
            {"arm": arm, "words": _contrast(shown, aspect.arm, arm), "href": to(aspect.arm, arm, aspect.replicate)}
            | {"is_here": arm == aspect.against}
            for arm in near
        ],
        "alone": to(aspect.arm, None, aspect.replicate),
        "mean": {"href": to(aspect.arm, aspect.against, None), "is_here": aspect.replicate is None},
    }


def _contrast(shown: ShownMap, arm: int, other: int) -> str:
    if max(arm, other) < len(shown.drawn.arms):
        return f"against {shown.arm_in_words(other)}"
    config, other_config = shown.arms[arm], shown.arms[other]
    differences = [
        f"{name.replace('_', ' ')} {format_number(config.get(name))} and {format_number(other_config.get(name))}"
        for name in shown.apart(arm, other)
    ]
    return ", ".join(differences)


def _legend(drawn: Map, look: MapLook, aspect: Aspect) -> list[Answer]:
    def row(words: str, ramp: Sequence[Colour]) -> Answer:
        return {"words": words, "colours": [colours.hex_colour(colour) for colour in ramp]}

    chosen = len(look.replicates) if aspect.replicate is None else 1
    if aspect.against is not None:
        agreeing = "the two agree; the redder, the more repetitions in which they differ"
        return [row(agreeing if chosen > 1 else "the two agree, or differ", _ramp(colours.DIFFERENCE, chosen))]
    if aspect.replicate is None and chosen:
        words = f"the darker, the more of the {chosen} repetitions in which {_short(drawn.bands[0].name)}"
        return [row(words, _ramp(colours.MEAN, chosen))]
    return [row(band.name, colours.band_colours(place, band.shades)) for place, band in enumerate(drawn.bands)]


def _ramp(ends: tuple[str, str], chosen: int) -> Sequence[Colour]:
    return colours.ramp_between(ends, max(1, chosen) + 1)


def _short(band: str) -> str:
    """What became of a pixel, without what its shade means: "it learned" of "it learned; the brighter, the later"."""
    return band.partition(";")[0]


def _view(reading: Reading, look: MapLook, aspect: Aspect) -> Answer:
    """The picture, the pixel that is read, every replicate, and the view as a table."""
    shown, window = look.shown, look.window(aspect.tile)
    chosen = look.replicates[0] if aspect.replicate is None else aspect.replicate
    look.charts.read(look.replicates, [aspect.tile])
    picture = look.charts.picture(chosen, window)
    small = tile_window(aspect.tile, shown.drawn.pixels)
    shares = {number: look.share(number, small) for number in look.replicates}
    own = look.charts.nearest(chosen, aspect.tile)
    band = _short(shown.drawn.bands[0].name)
    text = "they differ" if aspect.against is not None else band
    squares = [(square.tile, square.shown) for square in picture.squares]
    drawers = _drawers(reading, [tile.task_id for _, tile in squares if tile])
    return {
        "band": text,
        "first_band": band,
        "picture": {
            "src": aspect.picture(shown.path, "views"),
            "size": window.columns,
            "share": sum(shares.values()) / len(shares) if aspect.replicate is None else shares[chosen],
        },
        "from": own.tile.level if own and own.tile.level < aspect.tile.level else None,
        "levels": picture_levels(picture),
        "pixel": _pixel(reading, look, aspect, chosen),
        "replicates": [
            {
                "number": number,
                "share": shares[number],
                "src": Aspect(tile=aspect.tile, arm=aspect.arm, against=aspect.against, replicate=number).picture(
                    shown.path, "tiles"
                ),
                "href": Aspect(
                    tile=aspect.tile, arm=aspect.arm, against=aspect.against, replicate=number, point=aspect.point
                ).address(shown.path),
                "is_here": number == aspect.replicate,
            }
            for number in look.replicates
        ],
        "of": chosen,
        "squares": _squares(shown.drawn, squares, drawers, picture.pixels, window.columns),
        "data": _data(shown, aspect, chosen, look.shown.detail(aspect.tile)),
    }


def _pixel(reading: Reading, look: MapLook, aspect: Aspect, chosen: int) -> Answer:
    """One pixel: both knobs, what it is in each replicate, who drew it, and how it is computed again."""
    shown, drawn = look.shown, look.shown.drawn
    detail = look.shown.detail(aspect.tile)
    level, size = aspect.tile.level + detail, drawn.pixels << detail
    side = drawn.pixels << level
    point = aspect.point or _middle(drawn, aspect.tile)
    across, up = (
        min(max(int(compute_axis_share(axis, value) * side), start * size), (start + 1) * size - 1)
        for axis, value, start in (
            (drawn.x, point[0], aspect.tile.column),
            (drawn.y, point[1], aspect.tile.row),
        )
    )
    tile = Tile(level=level, column=across // drawn.pixels, row=up // drawn.pixels)
    ends = [aspect.tile.span(drawn.x), aspect.tile.span(drawn.y, is_row=True)]
    values = [compute_pixel_middles(drawn.x, across, 1, side)[0], compute_pixel_middles(drawn.y, up, 1, side)[0]]
    charts = [look.charts, *([look.others] if look.others else [])]
    for chart in charts:
        chart.read(look.replicates, [tile])
    fates, fell = list[Answer](), Counter[str]()
    for number in look.replicates:
        in_charts = [_fate(drawn, chart.nearest(number, tile), level, across, up) for chart in charts]
        fates.append({"number": number, "told": [", ".join(words) for words in in_charts]})
        fell[_AGAINST.join(band for band, _ in in_charts)] += 1
    drawn_tile = look.charts.nearest(chosen, tile)
    drawers = _drawers(reading, [drawn_tile.task_id] if drawn_tile else [])
    return {
        "x": format_knob(values[0], *ends[0]),
        "y": format_knob(values[1], *ends[1]),
        "point": values,
        "is_chosen": aspect.point is not None,
        "across": across - aspect.tile.column * size,
        "up": up - aspect.tile.row * size,
        "fates": fates,
        "ends": [{"told": words, "times": times} for words, times in fell.most_common()],
        "of": chosen,
        "tile": drawn_tile.tile.factors if drawn_tile else None,
        "drawn_at": drawn_tile.drawn_at.isoformat() if drawn_tile else None,
        "task": drawn_tile.task_id if drawn_tile else None,
        "drawn_by": drawers.get(drawn_tile.task_id) if drawn_tile else None,
        "again": _again(shown, drawn_tile.tile, aspect.arm, chosen) if drawn_tile else None,
    }


def _fate(drawn: Map, tile: DrawnTile | None, level: int, across: int, up: int) -> tuple[str, str]:
    """What became of a pixel in words, and its shade."""
    if tile is None:
        return "not drawn yet", ""
    steps, side = level - tile.tile.level, drawn.pixels
    number = tile.pixels[((up >> steps) - tile.tile.row * side) * side + (across >> steps) - tile.tile.column * side]
    for band in drawn.bands:
        if number < band.shades:
            return _short(band.name), f"shade {number + 1} of {band.shades}"
        number -= band.shades
    raise ValueError(f"no band has the colour {number}")  # the validator lets none through


def _again(shown: ShownMap, tile: Tile, arm: int, replicate: int) -> str:
    config = shown.arms[arm]
    words = [f"{name}={config[name]}" for name in shown.varying if name in config]
    words += [f"{name}={value}" for name, value in tile.factors.items()]
    return shlex.join(["axiom", "experiment", "run", shown.stored.name, *words, "--replicate", str(replicate)])


def _drawers(reading: Reading, tasks: Sequence[int]) -> dict[int, Answer]:
    """Who computed these tasks, as far as anybody may see it."""
    tiles = maps.find_tile_drawers(reading.db, tasks)
    whose = {
        tile.volunteer_id: find_host_owner(reading, tile.volunteer_id) for tile in tiles.values() if tile.volunteer_id
    }
    return {
        number: {
            "host": tile.host_id,
            "volunteer": whose[tile.volunteer_id].volunteer if tile.volunteer_id else None,
            "gpu": tile.gpu,
        }
        for number, tile in tiles.items()
    }


def _squares(
    drawn: Map,
    squares: Sequence[tuple[Tile, DrawnTile | None]],
    drawers: Mapping[int, Answer],
    pixels: bytes,
    width: int,
) -> list[Answer]:
    """The view as rows of a table, from the upper left on."""
    side = drawn.pixels
    banded = pixels.translate(drawn.bands_of_colours)
    base = squares[0][0]
    count = width // side
    rows = []
    for tile, shown in sorted(squares, key=lambda pair: (-pair[0].row, pair[0].column)):
        across, up = (tile.column - base.column) * side, (tile.row - base.row) * side
        starts = range(up * width + across, (up + side) * width + across, width)
        of_first = sum(banded[start : start + side].count(0) for start in starts)
        rows.append(
            {
                "row": count - (tile.row - base.row),
                "column": tile.column - base.column + 1,
                "share": of_first / (side * side),
                "level": shown.tile.level if shown else None,
                "task": shown.task_id if shown else None,
                "drawn_by": drawers.get(shown.task_id) if shown else None,
            }
        )
    return rows


def _data(shown: ShownMap, aspect: Aspect, chosen: int, detail: int) -> Answer:
    """Where the view's data is, in each of its forms."""
    (left, right), (below, top) = (
        aspect.tile.span(shown.drawn.x),
        aspect.tile.span(shown.drawn.y, is_row=True),
    )
    words = f"x0={left!r}&x1={right!r}&y0={below!r}&y1={top!r}&level={aspect.tile.level + detail}"
    address = f"{shown.path}/data?{words}&arm={aspect.arm}&replicate={chosen}"
    return {form: f"{address}&format={form}" for form in ("csv", "json", "parquet")}

"""The pictures of maps: a tile in its own pixels, and a whole view with all that is finer."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from axiom.domain.maps import place_of
from axiom.errors import NotFound, WrongUse
from axiom.reads.base.request import Reading
from axiom.reads.maps import map_view
from axiom.reads.maps.map_view import Aspect, require_map
from axiom.store.maps.windows import tile_window
from axiom.web.maps.pixels import MapLook, draw_window_png

_LASTING = "public, max-age=31536000, immutable"


@dataclass(frozen=True, kw_only=True, slots=True)
class MapPicture:
    """A PNG; `is_lasting` where nothing that is drawn later can change it."""

    body: bytes
    is_lasting: bool


def draw_map_picture(reading: Reading, name: str, kind: str, arms: str, replicate: str, place: str) -> MapPicture:
    """The picture at an address: `tiles` is one tile, `views` one of a place with all that is drawn below it."""
    shown = require_map(reading, name)
    first, _, second = arms.partition("-")
    arm = map_view.require_arm(shown, first)
    against = map_view.require_arm(shown, second) if second else None
    level, column, row = (*place.split("-"), "", "")[:3]
    tile = map_view.require_tile(shown, level, column, row)
    look = MapLook(reading.db, shown, arm, against)
    chosen = map_view.require_replicate(shown, replicate, look.replicates)
    reading.look_at(shown.stored.id, place_of(tile, arm))
    aspect = Aspect(tile=tile, arm=arm, against=against, replicate=chosen)
    window = look.window(tile) if kind == "views" else tile_window(tile, shown.drawn.pixels)
    body = draw_window_png(look, aspect, window)
    is_lasting = kind == "tiles" and "@" in name and chosen is not None and against is None
    if is_lasting and chosen is not None:
        nearest = look.charts.nearest(chosen, tile)
        is_lasting = nearest is not None and nearest.tile == tile
    return MapPicture(body=body, is_lasting=is_lasting)


class MapPictureKind(Convertor[str]):
    regex = "tiles|views"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("mapkind", MapPictureKind())


def picture_route(read: Callable[[Request], AbstractContextManager[Reading]]) -> Route:
    def endpoint(request: Request) -> Response:
        try:
            with read(request) as reading:
                made = draw_map_picture(reading, **request.path_params)
        except (NotFound, WrongUse, OverflowError) as error:
            return PlainTextResponse(f"{error}\n", status_code=404)
        headers = {"cache-control": _LASTING} if made.is_lasting else {}
        return Response(made.body, media_type="image/png", headers=headers)

    return Route("/maps/{name}/{kind:mapkind}/{arms}/{replicate}/{place}.png", endpoint)

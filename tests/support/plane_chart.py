"""A chart of a plane, of as many pixels and bands as a test wants."""

from typing import Any

from axiom.domain.maps import Band, Knob, Map

AXIS = Knob(name="a knob", low=1.0, high=100.0)
BANDS = (Band(name="it learned", shades=2), Band(name="it ran away", shades=3))
THREE = (*BANDS, Band(name="neither", shades=1))


def chart(**changes: Any) -> Map:
    fields: dict[str, Any] = {"title": "A plane", "x": AXIS, "y": AXIS, "measure": "fate", "bands": BANDS, "pixels": 8}
    return Map(**(fields | changes))

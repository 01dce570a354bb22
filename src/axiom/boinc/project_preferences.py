"""A volunteer's preferences for one project, in BOINC's XML: a general set, and one for each venue that has its own."""

import re

from axiom.boinc.xml import Element

_TAG = re.compile(rb"(/?)([A-Za-z][\w.:-]{0,59})")
_NAME = re.compile(rb"\bname=[\"'](\w{1,60})")


def read_preference_sets(xml: bytes) -> dict[str, Element]:
    """What each set says, by venue, the general one's without a name: as clients read it, so that no text is refused.

    Leaves within others, as what is for one project alone, stand beside those others. `no_rsc`, of which there may be
    several, has its kind behind its name.
    """
    sets = {"": Element(b"project_preferences")}
    here = sets[""]
    for piece in xml.split(b"<")[1:]:
        inside, _, text = piece.partition(b">")
        tag = _TAG.match(inside)
        if tag is None:
            continue
        is_end, name = bool(tag[1]), tag[2]
        if name == b"venue":
            called = _NAME.search(inside)
            venue = "" if is_end else called[1].decode() if called else "unnamed"
            here = sets.setdefault(venue, Element(name))
        elif name == b"no_rsc" and not is_end:
            here.leaves[b"no_rsc " + text.strip()] = b""
        elif not is_end:
            here.leaves[name] = text.strip()
    return sets

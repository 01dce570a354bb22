"""One signature for several texts, each of which is verified by itself: it carries its path to what was signed.

The texts are the leaves of a tree of hashes and its root is signed. A leaf, a branch and the signed word are hashed or
signed under names of their own, so that none of them can be passed off as another.
"""

import hashlib
from collections.abc import Sequence

_WORD = b"axiom-joint-1\0"
_LEAF, _BRANCH = b"\0", b"\1"
_DIGEST = 32
_DEEPEST = 8  # branches above a leaf, as many as the first byte of a path has bits


def joint(bodies: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """What is to be signed for all of these, and the path of each: at most 256, and two at least."""
    if not 2 <= len(bodies) <= 2**_DEEPEST:
        raise ValueError(f"{len(bodies)} texts cannot share a signature")
    level = [hashlib.sha256(_LEAF + body).digest() for body in bodies]
    # By leaf: on which side its siblings stand, lowest first, and their hashes; and its place in the level.
    sides, siblings, places = [0] * len(bodies), [b""] * len(bodies), list(range(len(bodies)))
    while len(level) > 1:
        for leaf, place in enumerate(places):
            sibling = place ^ 1
            if sibling < len(level):  # the odd one at the end goes up as it is
                sides[leaf] |= (place & 1) << len(siblings[leaf]) // _DIGEST
                siblings[leaf] += level[sibling]
            places[leaf] = place >> 1
        level = [
            hashlib.sha256(_BRANCH + level[at] + level[at + 1]).digest() if at + 1 < len(level) else level[at]
            for at in range(0, len(level), 2)
        ]
    return _WORD + level[0], [bytes([side]) + path for side, path in zip(sides, siblings, strict=True)]


def signed_word(body: bytes, path: bytes) -> bytes:
    """What must have been signed for this body with this path; a ValueError when the path is none."""
    sides, branches = path[:1], path[1:]
    amount = len(branches) // _DIGEST
    if not 1 <= amount <= _DEEPEST or len(branches) != amount * _DIGEST or sides[0] >> amount:
        raise ValueError("it has no path to what was signed")
    here = hashlib.sha256(_LEAF + body).digest()
    for step in range(amount):
        sibling = branches[step * _DIGEST : (step + 1) * _DIGEST]
        pair = sibling + here if sides[0] >> step & 1 else here + sibling
        here = hashlib.sha256(_BRANCH + pair).digest()
    return _WORD + here

"""Whether a visitor takes a packed answer: one that names a coding with `q=0` refuses it."""

from functools import lru_cache

from axiom.locale.accept_header import read_weights


@lru_cache(maxsize=32)  # browsers send few different ones, and it is asked of every page
def takes_gzip(accepted: str) -> bool:
    weights = dict(read_weights(accepted))
    return weights.get("gzip", weights.get("*", 0.0)) > 0.0

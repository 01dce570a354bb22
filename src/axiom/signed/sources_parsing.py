"""Parses sources, one at a time.

Python 3.11 counts how deep it is in a source for all threads together. Where another thread parses at the same moment,
or has begun when a collection of garbage lets it, a good source ends in a SystemError.
"""

import ast
import threading

_ONE_AT_A_TIME = threading.Lock()


def parsed(source: str | bytes) -> ast.Module:
    """The source as a tree. Raises what `ast.parse` raises."""
    with _ONE_AT_A_TIME:
        return ast.parse(source)

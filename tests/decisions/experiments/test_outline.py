"""A module's outline has what others may use, in their own words, and nothing else."""

from axiom.decisions.experiments.outline import about, public_names
from axiom.signed.sources import parsed

SOURCE = parsed('''"""What this is:
in one paragraph.

And more.
"""

Rows = list[int]
"""Rows of
numbers."""



class Net:
    """A network."""

    width: int  # of the layer
    depth: int = 2
    _secret: int = 0

    def __call__(self) -> None:
        """Not told."""

    def outputs(self, x: Rows, *, scale: float = 1.0) -> Rows:
        """What comes out.

        At length.
        """



class _Mine:
    """Not told."""


def made(seed: int, /, *, width: int = 3) -> Net:
    """A start."""


def _own() -> None:
    """Not told."""
''')


def test_what_is_public_is_told_in_order_with_its_first_paragraph():
    assert about(SOURCE) == "What this is: in one paragraph."
    assert [(each.name, each.signature, each.about) for each in public_names(SOURCE)] == [
        ("Rows", "Rows", "Rows of numbers."),
        ("Net", "class Net(width: int, depth: int = 2)", "A network."),
        ("Net.outputs", "Net.outputs(x: Rows, *, scale: float=1.0) -> Rows", "What comes out."),
        ("made", "made(seed: int, /, *, width: int=3) -> Net", "A start."),
    ]

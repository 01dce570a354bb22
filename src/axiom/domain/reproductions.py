"""Seeds that were computed again: how far two computations of the same cells agree."""

from enum import StrEnum


class Reproduction(StrEnum):
    """How two computations of the same cell compare; of several cells, the worst comparison counts."""

    EXACT = "bit-exact"
    CLOSE = "within tolerance"
    CHAOTIC = "divergent at the end"  # the first values agree: nobody lied, the training is chaotic
    DISPUTED = "divergent from the start"  # the first values differ, which no two honest hosts' do

    @property
    def rank(self) -> int:
        """From 0 for the best on."""
        return list(Reproduction).index(self)

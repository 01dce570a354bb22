"""What becomes of a message between a computer and the laboratory."""

from enum import StrEnum

from simulation.dice import Dice
from simulation.troubles import Troubles


class Passage(StrEnum):
    """How one message and its answer travel."""

    WHOLE = "whole"
    LOST = "lost"  # nobody gets it
    UNANSWERED = "unanswered"  # it arrives, and its answer does not
    DOUBLED = "doubled"  # it arrives twice
    DELAYED = "delayed"  # it arrives when nobody awaits its answer any more


class SimulatedNetwork:
    """Decides about messages, one after the other."""

    def __init__(self, seed: int, troubles: Troubles) -> None:
        self._dice = Dice(seed, "network")
        self._shares = (
            (Passage.LOST, troubles.lost_requests),
            (Passage.UNANSWERED, troubles.lost_replies),
            (Passage.DOUBLED, troubles.doubled),
            (Passage.DELAYED, troubles.delayed),
        )
        self._cuts = troubles.cut_uploads

    def passage(self) -> Passage:
        """How the next message travels."""
        drawn = self._dice.share()
        for passage, share in self._shares:
            if drawn < share:
                return passage
            drawn -= share
        return Passage.WHOLE

    def delay(self) -> float:
        """Seconds that a delayed one takes."""
        return self._dice.between(60.0, 3_600.0)

    def cut(self, size: int) -> int:
        """How many of so many bytes arrive before the line is cut; all of them where it is not."""
        return self._dice.whole(0, size - 1) if size and self._dice.happens(self._cuts) else size

"""Where should the work go from here? By what open findings still need, what waits for an answer, what was claimed."""

from collections.abc import Sequence
from dataclasses import dataclass

from axiom.decisions.sessions.agenda_next_steps import NextStep
from axiom.domain.amounts import counted

_MOST = 3  # findings that are named; the others have lines of their own
_ORDER = ("high", "medium", "low")


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """What an open finding still takes."""

    finding: int
    experiment: str
    cells: int  # of the next grade, or of the first block; of the next block where more cells change no grade
    hangs: int  # open questions that hang on it
    lacks: str = ""  # what its next grade needs, where it has seeds enough: more of the same cells bring nothing


def in_order(steps: Sequence[NextStep]) -> list[NextStep]:
    """The most urgent first; of those that are as urgent, as they were."""
    return sorted(steps, key=lambda one: _ORDER.index(one.priority))


def directions(needs: Sequence[Need], *, proposals: int, claims: int) -> list[NextStep]:
    """What the open findings need, nearest first and high where others hang on them; then what waits for an answer.

    `needs` come nearest first. `claims` are those of the old laboratory that no finding tests.
    """
    leading = sorted(needs, key=lambda one: -one.hangs)[:_MOST]  # stable: the nearest of those on which as many hang
    steps = [_step(one) for one in leading]
    if proposals:
        said = f"decide on {counted(proposals, 'follow-up question')} that the laboratory proposes"
        steps.append(NextStep(priority="medium", sentence=said, page="/proposals", times=proposals))
    if claims:
        said = f"test {counted(claims, 'claim')} of the old laboratory that no finding asks yet"
        steps.append(NextStep(priority="low", sentence=said, page="/findings/graph", times=claims))
    return steps


def _step(one: Need) -> NextStep:
    hanging = f"; open questions that hang on it: {one.hangs}" if one.hangs else ""
    return NextStep(
        priority="high" if one.hangs else "medium",
        sentence=f"{_what(one)}{hanging}",
        page=f"/findings/{one.finding}",
    )


def _what(one: Need) -> str:
    finding = f"finding {one.finding} ({one.experiment})"
    if one.lacks:
        return f"get for {finding} what it lacks beside seeds, of which it has enough: {one.lacks}"
    return f"compute {counted(one.cells, 'cell')} more for {finding}"

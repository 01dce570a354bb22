"""Which replicates may enter evidence? Those of closed blocks, in the order in which their numbers were issued."""

from collections.abc import Sequence
from dataclasses import dataclass

from axiom_weigh.values import Block


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicateProgress:
    """How much of one replicate is back, and whether nothing more of it will come."""

    number: int
    cells: int  # ordered
    back: int  # results with an outcome
    over: bool  # its workunits ended; what somebody took back has not, and is ordered again


def form_blocks(
    returned: Sequence[ReplicateProgress], size: int, registration: int = 0, *, is_over: bool = False
) -> tuple[Block, ...]:
    """Put replicates into blocks in the order in which their numbers were issued, and say which blocks are closed.

    A block counts only after all blocks before it: which is back first depends on what was measured, the order of
    issue does not. The caller takes the closed ones from the first on. When the registration is over, since another
    amends it, nothing more will be issued: its last block is whole with the numbers that it has, and none is skipped.
    """
    issued = sorted(returned, key=lambda progress: progress.number)
    last = len(issued) % size if is_over else 0
    return tuple(
        _block(number, members := issued[start : start + size], last if len(members) == last else size, registration)
        for number, start in enumerate(range(0, len(issued), size))
    )


def list_closed_blocks(designs: Sequence[Sequence[Block]]) -> tuple[Block, ...]:
    """The blocks of all designs as one stream: those closed, from the first on without a gap.

    Each design has its own blocks. A whole block has its place by its last number, so that its place does not depend
    on what came back; one that is not fully ordered yet comes after all whole ones, and keeps nobody waiting.
    """
    whole = sorted(
        (block for blocks in designs for block in blocks if block.is_whole), key=lambda block: block.replicates[-1]
    )
    closed = []
    for block in whole:
        if not block.closed:
            break
        closed.append(block)
    return tuple(closed)


def _block(number: int, members: Sequence[ReplicateProgress], size: int, registration: int) -> Block:
    out = sum(not (member.over or member.back >= member.cells) for member in members)
    late = sum(member.over and member.back < member.cells for member in members)
    if len(members) < size:
        reason = f"{len(members)} of {size} replicates are ordered"
    elif out:
        reason = f"{out} of {size} replicates are not back yet"
    elif late:
        reason = f"{size - late} of {size} replicates are back, and of {late} nothing more will come"
    else:
        reason = f"all {size} replicates are back"
    return Block(
        number=number,
        replicates=tuple(member.number for member in members),
        closed=len(members) == size and not out,
        reason=reason,
        is_whole=len(members) == size,
        registration=registration,
    )

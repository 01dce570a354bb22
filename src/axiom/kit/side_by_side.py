"""Cells side by side: what each of them would compute by itself is one program for all of them (`jax.vmap`).

A training is written once, and compiled with `program`. Where a cell computes alone that is `jax.jit`, to the byte.
Where several compute side by side, each runs until it calls such a program; the calls of one shape are then stacked and
computed as one, and each cell goes on with its own part. One cell runs at a time, in an order that follows from the
cells, so that nothing depends on chance. JAX is loaded when called.
"""

from __future__ import annotations

import threading as _threading  # experiments reach what stands here, and need none
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

from axiom.kit import progress

if TYPE_CHECKING:
    import jax

AT_ONCE = 512  # cells that are begun together: a GPU is hardly faster with more, and each holds its data in memory
ROOMY = 2**29  # bytes that one program is given for all of its cells; they are several programs where it is more
_STACK = 2**22  # bytes of a cell's own thread, in which it may compile what it shares with nobody

Key: TypeAlias = "tuple[Any, ...]"
Drawn = TypeVar("Drawn")


class Part:
    """A cell's part of an array that a program left on the device for all of its cells, or an array that stays."""

    def __init__(self, whole: jax.Array | npt.NDArray[Any], place: int) -> None:
        self.whole, self.place = whole, place
        self.shape, self.dtype = whole.shape[1:], whole.dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """The numbers. JAX fetches those of all cells once."""
        return np.array(np.asarray(self.whole)[self.place], dtype=dtype, copy=copy or None)


class Program:
    """A compiled function, of one cell or of several at once."""

    def __init__(self, function: Callable[..., Any], static: tuple[str, ...], *, stays: bool) -> None:
        self.stays = stays
        self._function, self._static = function, static
        self._together: dict[Key, Callable[..., Any]] = {}

    @cached_property
    def alone(self) -> Callable[..., Any]:
        """The function of one cell."""
        import jax  # here and not above: a host without AVX cannot load it, and still computes with NumPy

        compiled: Callable[..., Any] = jax.jit(self._function, static_argnames=self._static)
        return compiled

    def __call__(self, *arguments: Any, **static: Any) -> Any:
        """What the function returns; of cells side by side, for this one."""
        cell = _stage.present
        if cell is None or is_traced(arguments):
            return self.alone(*arguments, **static)
        return cell.ask(self, arguments, static)

    def together(self, static: Mapping[str, Any]) -> Callable[..., Any]:
        """The function of stacked arguments."""
        import jax

        key = _sorted(static)
        if key not in self._together:
            self._together[key] = jax.jit(jax.vmap(partial(self._function, **static)))
        return self._together[key]


def drawn_once(draw: Callable[..., Drawn]) -> Callable[..., Drawn]:
    """Have cells side by side share what they would draw alike: the same words from the same state of a stream.

    Nobody may write into what is shared.
    """

    @wraps(draw)
    def drawn(rng: np.random.Generator, *arguments: Any, **words: Any) -> Drawn:
        if _stage.present is None:
            return draw(rng, *arguments, **words)
        key = draw, _key((rng.bit_generator.state, arguments, words))
        if key not in _stage.drawn:
            result = draw(rng, *arguments, **words)
            _close(result)
            _stage.drawn[key] = result, rng.bit_generator.state
        result, rng.bit_generator.state = _stage.drawn[key]
        return cast("Drawn", result)

    return drawn


def program(*static: str, stays: bool = False) -> Callable[[Callable[..., Any]], Program]:
    """Compile a function, as `jax.jit` does, so that cells side by side call it together.

    `static` names what it is compiled for anew, always given by name. `stays`: what it returns stays on the device, and
    `np.asarray` has the numbers; it is meant to be given to a program again.
    """
    return lambda function: Program(function, static, stays=stays)


def put(arrays: Any) -> Any:
    """Put arrays that nobody changes where programs read them; those of cells side by side are put there together."""
    import jax

    if _stage.present is None:
        return jax.device_put(arrays)
    return jax.tree.map(lambda array: Part(np.asarray(array)[None], 0), arrays)


def is_joined(*arrays: Any) -> bool:
    """Do several cells compute side by side, and are these arrays numbers? Then a program is better than NumPy."""
    return _stage.present is not None and not is_traced(arrays)


def compute(
    run: Callable[[Any, int], Any], cells: Sequence[tuple[Any, int]], listeners: Sequence[progress.Listener] = ()
) -> Iterator[tuple[Any, BaseException | None]]:
    """Run these cells side by side: what each returned, or what it raised, in their order.

    Each is heard by its own listener. What is measured lies as far from what a cell measures alone as two processors.
    """
    # Equal configs are begun together, whose programs are those that have one shape.
    order = sorted(range(len(cells)), key=lambda place: (repr(cells[place][0]), place))
    waves = [order[first : first + AT_ONCE] for first in range(0, len(order), AT_ONCE)]
    ended: dict[int, _Cell] = {}
    for wave in waves:
        begun = {place: _Cell(partial(run, *cells[place]), listeners[place] if listeners else None) for place in wave}
        _Wave(list(begun.values())).run()
        ended |= begun
    for place in range(len(cells)):
        yield ended[place].returned, ended[place].fault


def _closed() -> _threading.Lock:
    lock = _threading.Lock()
    lock.acquire()
    return lock


class _Stage:
    """Whose turn it is."""

    def __init__(self) -> None:
        self.present: _Cell | None = None
        self.is_free = _closed()
        self.drawn: dict[Key, tuple[Any, Any]] = {}


_stage = _Stage()


class _Cell:
    """One cell and its thread, which runs while it is its turn."""

    def __init__(self, run: Callable[[], Any], listener: progress.Listener | None) -> None:
        self.returned: Any = None
        self.fault: BaseException | None = None
        self.call: tuple[Program, tuple[Any, ...], Mapping[str, Any]] | None = None
        self.answer: Any = None
        self._run = run
        self._door = progress.open_door(listener)
        self._turn = _closed()
        self._thread = _threading.Thread(target=self._live, daemon=True)

    def go_on(self) -> None:
        """Let it run until it calls a program, or ends."""
        _stage.present = self
        before = progress.enter(self._door)
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._turn.release()
        _stage.is_free.acquire()
        progress.enter(before)
        _stage.present = None

    def ask(self, called: Program, arguments: tuple[Any, ...], static: Mapping[str, Any]) -> Any:
        """Wait for the others, and return what the program returns for this cell."""
        self.call = called, arguments, static
        _stage.is_free.release()
        self._turn.acquire()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def _live(self) -> None:
        try:
            self.returned = self._run()
        except BaseException as fault:  # noqa: BLE001  of this cell alone
            self.fault = fault
        self.call = self.answer = None
        _stage.is_free.release()


class _Wave:
    """Cells that were begun together, and what of theirs lies stacked on the device."""

    def __init__(self, cells: Sequence[_Cell]) -> None:
        self._cells = cells
        self._stacked: dict[Key, tuple[list[Any], Any]] = {}
        self._most: dict[Key, int] = {}

    def run(self) -> None:
        """Run all of them to their ends."""
        size = _threading.stack_size(_STACK)
        try:
            waiting = self._go_on(self._cells)
            while waiting:
                groups: dict[Key, list[_Cell]] = {}
                for cell in waiting:
                    groups.setdefault(_shape(cell), []).append(cell)
                for key, group in groups.items():
                    self._answer(key, group)
                waiting = self._go_on(waiting)
        finally:
            _threading.stack_size(size)
            _stage.drawn.clear()

    def _go_on(self, cells: Sequence[_Cell]) -> list[_Cell]:
        for cell in cells:
            cell.go_on()
        return [cell for cell in cells if cell.call is not None]

    def _answer(self, key: Key, group: Sequence[_Cell]) -> None:
        """Compute one call of each cell of the group, which have one shape."""
        most = self._most.setdefault(key, max(1, ROOMY // max(1, _bytes(group[0]))))
        for first in range(0, len(group), most):
            part = group[first : first + most]
            try:
                self._compute((*key, first), part)
            except Exception as fault:  # noqa: BLE001  it is the cells' own, and each raises it
                if "RESOURCE_EXHAUSTED" in str(fault) and len(part) > 1:
                    self._most[key] = (len(part) + 1) // 2  # from now on
                    self._stacked.clear()
                    self._answer(key, group[first:])
                    return
                for cell in part:
                    cell.answer = fault

    def _compute(self, key: Key, group: Sequence[_Cell]) -> None:
        import jax

        calls = [cell.call for cell in group if cell.call is not None]
        called, _, static = calls[0]
        rows = [jax.tree.leaves(arguments) for _, arguments, _ in calls]
        size = 1 << (len(rows) - 1).bit_length()  # a power of two, so that few sizes are compiled as cells end
        columns = [
            self._stack((*key, place), list(column), size) for place, column in enumerate(zip(*rows, strict=True))
        ]
        stacked = jax.tree.unflatten(jax.tree.structure(calls[0][1]), columns)
        leaves, shape = jax.tree.flatten(called.together(static)(*stacked))
        if not called.stays:
            leaves = [np.asarray(leaf) for leaf in leaves]
        for place, cell in enumerate(group):
            own = [Part(leaf, place) if called.stays else leaf[place] for leaf in leaves]
            cell.answer = jax.tree.unflatten(shape, own)

    def _stack(self, key: Key, column: list[Any], size: int) -> Any:
        """The same argument of all cells as one; what was stacked before or left by a program is taken as it is."""
        import jax

        before, stacked = self._stacked.get(key, ([], None))
        if len(before) == len(column) and all(map(_is_same, before, column)) and len(stacked) == size:
            return stacked
        first = column[0]
        if isinstance(first, Part) and len(first.whole) == size and all(map(_follows(first), column, range(size))):
            return first.whole
        rows = [np.asarray(leaf) for leaf in column]
        stacked = jax.device_put(np.stack(rows + rows[-1:] * (size - len(rows))))
        self._stacked[key] = column, stacked
        return stacked


def _key(part: Any) -> Any:
    """What two calls have in common that are one, with the bits of all arrays."""
    if isinstance(part, np.ndarray):
        return part.dtype.str, part.shape, part.tobytes()
    if isinstance(part, dict):
        return tuple((name, _key(item)) for name, item in part.items())
    if isinstance(part, tuple | list):
        return tuple(map(_key, part))
    if not isinstance(part, str | int | float | np.generic | None):
        return object()  # like nothing else, so that nothing is shared
    return repr(part)


def _close(drawn: Any) -> None:
    """Let nobody write into arrays, nor into those of tuples and dataclasses."""
    if isinstance(drawn, np.ndarray):
        drawn.flags.writeable = False
    for part in drawn if isinstance(drawn, tuple) else getattr(drawn, "__dict__", {}).values():
        _close(part)


def _follows(first: Part) -> Callable[[Any, int], bool]:
    """Is something the part at this place of the same whole as the first?"""
    return lambda part, place: isinstance(part, Part) and part.whole is first.whole and part.place == place


def _is_same(before: Any, leaf: Any) -> bool:
    """Is it the same argument with the same numbers? An array could have been written into since."""
    return before is leaf and isinstance(leaf, Part)


def _shape(cell: _Cell) -> Key:
    """What calls have in common that can be computed as one."""
    import jax

    called, arguments, static = cell.call or (None, (), {})
    leaves, tree = jax.tree.flatten(arguments)
    shapes = tuple((np.shape(leaf), _kind(leaf)) for leaf in leaves)
    return called, _sorted(static), tree, shapes


def _sorted(static: Mapping[str, Any]) -> Key:
    return tuple((name, static[name]) for name in sorted(static))


def _bytes(cell: _Cell) -> int:
    import jax

    return sum(4 * int(np.prod(np.shape(leaf))) for leaf in jax.tree.leaves(cell.call and cell.call[1]))


def _kind(leaf: Any) -> str:
    return str(getattr(leaf, "dtype", type(leaf).__name__))


def is_traced(arguments: Any) -> bool:
    """Is this within what is being compiled?"""
    import jax

    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(arguments))

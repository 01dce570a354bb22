"""The first core's runner where a person waits: here, in their own process, with a child that is on its way before us.

A process that computes takes as long to import what experiments need as we take for the rest. So it is started first,
describes what is published, and may compute the first cell before that is ordered (`runner/headstart.py`). What it
brings counts for nothing until the laboratory has sealed and ordered it: this runner proves both like any other.
Little is imported here before the child is on its way.
"""

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import axiom
from axiom.runner import early
from axiom.runner.gate import Gate
from axiom.runner.limits import environment

if TYPE_CHECKING:
    from axiom.runner.children import Child, Described
    from axiom.runner.endings import Process
    from axiom.runner.headstart import HeadStart
    from axiom.runner.tasks import Runner


FOLDER = "ahead"  # of an engine's home: what a process began with


class Ahead:
    """A process that waits for a bundle, or computes the first cell of one already."""

    def __init__(self, process: "Process") -> None:
        self.gate = Gate()  # ended, nothing is computed here any more
        self._process = process
        self._spare: Child | None = None
        self._head: HeadStart | None = None
        self._files: tuple[str, Mapping[str, bytes]] | None = None
        self._left: tuple[Path, ...] = ()  # what it was given, and where it writes

    @property
    def has_begun(self) -> bool:
        """Was it given something already?"""
        return self._head is not None

    def begin(self, module: str, files: Mapping[str, bytes], home: Path) -> None:
        """Have this module of these files described, and its first cell computed, for an engine that will live there.

        Nothing else can be described by this process from then on, and the files are there until it ends.
        """
        from axiom.runner import rooms
        from axiom.runner.bytecode import bytecode
        from axiom.runner.loading import tell
        from axiom.runner.trees import importable, write_tree

        tree, cache = home.absolute() / FOLDER, home.absolute() / rooms.CACHE
        self._files, self._left = (module, files), (tree, cache / FOLDER)
        self._remove()  # of a process that was killed
        wanted = importable(files, module)
        write_tree(tree, wanted | bytecode(wanted, Path(axiom.__file__).parent))
        bounds = tell(self._process, tree, module, rooms.room(cache, FOLDER))

        from axiom.runner.children import Child  # while it loads
        from axiom.runner.headstart import HeadStart

        self._spare = Child(environment(), self.gate, process=self._process, bounds=bounds)
        self._head = HeadStart(self._spare, self.gate, module, files)
        self._head.begin()

    def describe(self, files: Mapping[str, bytes], modules: Sequence[str]) -> "tuple[Described, ...]":
        """What each module of a bundle declares; where this process cannot say, from one of its own."""
        from axiom.runner.here import describe_files

        found: tuple[Described, ...] | None = None
        if self._head is None:
            found = self._described(files, modules)
        elif self._files == (*modules, files) and (said := self._head.described()) and said.manifest is not None:
            found = (said,)  # of a fault, somebody says more who has all of the files
        return found or describe_files(files, modules)

    def runner(self, home: Path, host: int) -> "Runner":
        """The runner whose first child this is."""
        from axiom.runner.home import Home
        from axiom.runner.tasks import Runner

        place = Home(home)
        place.create()
        return Runner(place, host, self.gate, spare=None if self._head else self._child(), ahead=self._head)

    def clear(self) -> None:
        """End the process, and remove what it was given and what it wrote."""
        if self._head is not None:
            self._head.stop()
        self._child().stop()
        self._remove()

    def _remove(self) -> None:
        from axiom.runner import rooms

        for folder in self._left:
            rooms.remove(folder)

    def _child(self) -> "Child":
        from axiom.runner.children import Child

        self._spare = self._spare or Child(environment(), self.gate, process=self._process)
        return self._spare

    def _described(self, files: Mapping[str, bytes], modules: Sequence[str]) -> "tuple[Described, ...] | None":
        """In a copy of the process, which stays as it is; elsewhere one that has imported much is not copied safely."""
        if sys.platform != "linux":
            return None
        from axiom.errors import ChildLost
        from axiom.runner.here import unpacked

        with contextlib.suppress(ChildLost), unpacked(files) as (tree, room):
            return self._child().describe(tree, modules, environment(room), apart=True)
        return None


@contextlib.contextmanager
def computing_ahead(started: Ahead | None = None) -> Iterator[Ahead]:
    """A process that gets ready while the body prepares what it will compute, or the one that does already.

    It ends with the body.
    """
    ahead = started or Ahead(early.start())
    try:
        yield ahead
    finally:
        ahead.clear()

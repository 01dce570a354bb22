"""Classes made by our own decorator behave as those of the standard library, in everything that we use."""

import contextlib
import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import re
import threading
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import axiom
from axiom.domain import dataclass as ours

APART = re.compile(r"axiom\.(catalogue|kit|__main__)\b")
PLAIN = re.compile(r"^from dataclasses import .*\bdataclass\b|dataclasses\.dataclass\(", re.MULTILINE)
SHARED = ours.dataclass()(type("Any", (), {"__annotations__": {}})).__eq__
BESIDE = ("dataclass", "estimands", "experiments", "links")
Decorator = Callable[..., Callable[[type], type]]
KINDS = [
    {"frozen": True, "kw_only": True, "slots": True},
    {"frozen": True, "kw_only": True},
    {"frozen": True, "slots": True},
    {"kw_only": True, "slots": True, "unsafe_hash": True},
    {"kw_only": True, "slots": True},
    {"kw_only": True},
    {"slots": True},
]


def made(decorator: Decorator, **kind: bool) -> SimpleNamespace:
    """The same few classes by either decorator."""

    @decorator(**kind)
    class Pair:
        """Two, of which one has a value."""

        left: int
        right: str = "r"

    @decorator(**kind)
    class Box(Pair):
        """One that inherits, with all that fields can be."""

        seen: list[int] = field(default_factory=list)
        hidden: str = field(default="s", repr=False)
        note: str = field(default="n", compare=False)
        fixed: int = field(default=7, init=False)
        fresh: dict[str, int] = field(default_factory=dict, init=False)

    @decorator(**kind)
    class One:
        """A single field, looked at after it is set."""

        value: object

        def __post_init__(self) -> None:
            if self.value == "bad":
                raise ValueError("bad")

    @decorator(**kind)
    class Empty:
        """Nothing at all."""

    @decorator(**kind)
    class Own:  # noqa: PLW1641  the decorator adds what is missing, and leaves it to that
        """What it says itself stays."""

        value: int

        def __repr__(self) -> str:
            return "mine"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own)

    return SimpleNamespace(Pair=Pair, Box=Box, One=One, Empty=Empty, Own=Own)


@pytest.fixture(params=KINDS, ids="-".join)
def both(request):
    """Ours, and those of the standard library."""
    return made(ours.dataclass, **request.param), made(dataclass, **request.param), request.param


def instances(classes: SimpleNamespace) -> list[object]:
    return [
        classes.Pair(left=1),
        classes.Pair(left=1, right="x"),
        classes.Box(left=2, seen=[1], hidden="t", note="m"),
        classes.Box(left=2),
        classes.One(value=(1, 2)),
        classes.Empty(),
        classes.Own(value=3),
    ]


def test_they_are_shown_alike(both):
    mine, plain, _ = both
    assert [repr(one) for one in instances(mine)] == [repr(one) for one in instances(plain)]
    assert [asdict(one) for one in instances(mine)] == [asdict(one) for one in instances(plain)]


def test_they_are_equal_alike(both):
    mine, plain, _ = both

    def equal(classes):
        return [[one == other for other in instances(classes)] for one in instances(classes)]

    assert equal(mine) == equal(plain)
    assert mine.Pair(left=1) != SimpleNamespace(left=1, right="r")


def test_they_can_be_hashed_alike(both):
    mine, plain, kind = both

    def hashed(classes):
        for one in instances(classes):
            try:
                yield hash(one) is not None
            except TypeError as error:
                yield str(error)

    assert list(hashed(mine)) == list(hashed(plain))
    if kind.keys() & {"frozen", "unsafe_hash"}:
        assert hash(mine.Pair(left=1)) == hash(mine.Pair(left=1)) != hash(mine.Pair(left=2))


def test_a_frozen_one_stays_as_it_is(both):
    mine, plain, kind = both
    for classes in (mine, plain):
        one = classes.Pair(left=1)
        if "frozen" in kind:
            for change in (lambda one=one: setattr(one, "left", 2), lambda one=one: delattr(one, "left")):
                with pytest.raises(FrozenInstanceError, match="field 'left'"):
                    change()
        else:
            one.left = 2
            assert one == classes.Pair(left=2)
        assert hasattr(one, "__dict__") is ("slots" not in kind)


def test_wrong_arguments_are_refused_alike(both):
    mine, plain, _ = both
    for arguments in ({}, {"left": 1, "middle": 2}, {"left": 1, "right": "a", "fixed": 3}):
        said = []
        for classes in (mine, plain):
            with pytest.raises(TypeError) as caught:
                classes.Pair(**arguments)
            said.append(str(caught.value).partition("__init__")[2])
        assert said[0] == said[1]
    with pytest.raises(ValueError, match="bad"):
        mine.One(value="bad")


def test_each_instance_has_its_own_of_what_is_made_anew(both):
    mine, _, _ = both
    one, other = mine.Box(left=1), mine.Box(left=1)
    one.seen.append(1)
    one.fresh["a"] = 1
    assert (other.seen, other.fresh, other.fixed) == ([], {}, 7)


def test_they_are_replaced_copied_and_matched(both):
    mine, _, _ = both
    one = mine.Pair(left=1)
    assert replace(one, left=5) == mine.Pair(left=5)
    assert copy.copy(one) == copy.deepcopy(one) == one
    assert [each.name for each in fields(one)] == ["left", "right"]
    match one:
        case mine.Pair(left=1, right=text):
            assert text == "r"
        case _:
            pytest.fail("it was not matched")


def test_they_are_asked_alike_how_they_are_made(both):
    mine, plain, _ = both
    for name in ("Pair", "Box", "One", "Empty"):
        here, there = (asked(getattr(classes, name)) for classes in (mine, plain))
        assert [(each.name, each.kind, each.annotation) for each in here] == [
            (each.name, each.kind, each.annotation) for each in there
        ]


def test_one_may_be_inherited_without_the_decorator(both):
    mine, _, _ = both

    class Named(mine.Pair):
        def __init__(self, name: str) -> None:
            super().__init__(left=len(name))

    assert (Named("four").left, Named("fives").left) == (4, 5)


@ours.dataclass(frozen=True, kw_only=True, slots=True)
class Travelling:
    """Known by its name, so that it can be brought back."""

    left: int
    inner: tuple[int, ...] = ()


def test_they_travel():
    one = Travelling(left=1, inner=(2, 3))
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301  our own
    assert copy.deepcopy(one) == one


def test_the_first_ones_may_be_made_at_once():
    for _ in range(20):
        classes = made(ours.dataclass, frozen=True, kw_only=True, slots=True)
        start, seen = threading.Barrier(8), []

        def make(classes=classes, start=start, seen=seen):
            start.wait()
            seen.append(classes.Pair(left=1))

        threads = [threading.Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [classes.Pair(left=1)] * 8


def asked(cls: type) -> list[inspect.Parameter]:
    """What an instance is made from, once the first was wanted."""
    with contextlib.suppress(TypeError, AttributeError):
        cls.__init__(None)  # that some are abstract keeps nobody from asking
    return list(inspect.signature(cls).parameters.values())


def everything() -> list[type]:
    """Every class of the program that the decorator made; neither the catalogue nor the kit uses it."""
    names = [one.name for one in pkgutil.walk_packages(axiom.__path__, "axiom.") if not APART.match(one.name)]
    there = {one for name in names for one in vars(importlib.import_module(name)).values() if isinstance(one, type)}
    return [one for one in there if dataclasses.is_dataclass(one) and vars(one).get("__eq__") is SHARED]


def test_every_class_of_the_program_can_be_made():
    """What the standard library would say as a file is imported is said here, instead of when somebody comes by."""
    classes = everything()
    assert len(classes) > 400
    for one in classes:
        parameters = [(each.name, each.kind) for each in asked(one)]
        twin = dataclasses.make_dataclass(
            one.__name__,
            [
                (each.name, each.type, dataclasses.field(default=each.default, kw_only=each.kw_only))
                if each.default_factory is dataclasses.MISSING
                else (
                    each.name,
                    each.type,
                    dataclasses.field(default_factory=each.default_factory, kw_only=each.kw_only),
                )
                for each in fields(one)
                if each.init
            ],
        )
        assert parameters == [(each.name, each.kind) for each in inspect.signature(twin).parameters.values()], one


def test_nobody_pays_for_the_other_one_by_oversight():
    """That of the standard library stands where authors of experiments meet it, below the domain, and for an order."""
    package = Path(axiom.__file__).parent
    files = {str(file.relative_to(package)) for file in package.rglob("*.py") if PLAIN.search(file.read_text())}
    apart = {name for name in files if name.startswith(("catalogue/", "kit/"))}
    assert files - apart == {"settings.py", "cli/template.py", *(f"domain/{name}.py" for name in BESIDE)}

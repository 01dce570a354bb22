"""A plain research script, read by its tree alone: which of it computes one cell, of which levels, at which seed."""

import ast
import copy
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from axiom.errors import ExperimentError
from axiom_adopt.script_cleaning import Cleaning
from axiom_adopt.script_levels import Factor, Levels, Turn, is_seed, list_turns
from axiom_adopt.script_measures import MeasureReader, ScriptMeasure
from axiom_adopt.script_text import Function, ScriptText, names_read, read_dotted_name, root_of

TAKEN = frozenset(
    (
        *(
            "Config",
            "Control",
            "Direction",
            "Estimand",
            "Experiment",
            "Kind",
            "Measures",
            "Needs",
            "Prediction",
            "TODO",
        ),
        *("cell", "config", "experiment", "grid", "measured"),
    )
)
_LIKELY = ("run", "experiment", "trial", "simulate", "cell", "main", "train")  # names of what computes one cell
# What is taken for a cell first: a function that names its numbers, an end of the script that is told its seed, one
# that has it as a constant, a function that returns bare numbers, an end that tries seed after seed.
_NAMED, _TOLD, _FIXED, _BARE, _LOOPING = range(5)
_GENERATORS = frozenset(("PRNGKey", "Random", "RandomState", "default_rng", "key"))
_OF_FILES = ("dir", "file", "out", "path", "plot", "quiet", "save", "show", "verbose")  # options of no cell
_IMPORTS = (ast.Import, ast.ImportFrom)
_KINDS = ("bool", "float", "int", "str")
_PASSED_ON = frozenset(("array", "asarray", "dict", "float", "list", "mean", "median", "round", "std", "tolist"))
_CURE = (
    "Nothing was written; put what computes into a function with a parameter `seed` that returns a dict of numbers, as "
    'in `def run(seed): … return {"loss": loss}`, and import it again.'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """What a person should know of a line of the script."""

    line: int
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainScript:
    """What was found in a script, with its code as it is carried over."""

    docstring: str
    function: str
    line: int
    lines: tuple[tuple[int, str], ...]  # of code, each with its number in the script
    call: str  # computes one cell
    factors: tuple[Factor, ...]
    measures: tuple[ScriptMeasure, ...]
    taken_out: Mapping[str, Sequence[int]]
    not_needed: tuple[Remark, ...]
    remarks: tuple[Remark, ...]
    names: frozenset[str]


@dataclass(kw_only=True, slots=True)
class _Candidate:
    """A function, a class or the script's end, if it computes one cell."""

    name: str
    node: ast.stmt
    body: Sequence[ast.stmt]
    seed: str = ""  # the parameter; a script's end takes none
    method: Function | None = None
    tier: int = 0
    values: list[ast.expr] = field(default_factory=list)
    loops: list[tuple[ast.For | ast.comprehension, list[Turn]]] = field(default_factory=list)
    measures: tuple[ScriptMeasure, ...] = ()
    factors: dict[str, Factor] = field(default_factory=dict)
    passed: dict[str, str] = field(default_factory=dict)  # arguments that are no factors
    takes_config: bool = False

    @property
    def computing(self) -> ast.AST:
        return self.method or self.node


def read_plain_script(source: str) -> PlainScript:
    """What a script computes. An ExperimentError where that cannot be told, with what to change in it."""
    try:
        return _Reading(ScriptText(source)).read()
    except SyntaxError as fault:
        raise ExperimentError(
            f"Line {fault.lineno or 1} is no Python of today: {fault.msg}. Nothing was written; mend it (2to3 helps "
            "with Python 2) and import it again."
        ) from None
    except (RecursionError, MemoryError, ValueError) as fault:
        raise ExperimentError(f"The script is nested too deeply to be read ({type(fault).__name__}). {_CURE}") from None


class _Reading:
    def __init__(self, script: ScriptText) -> None:
        self.script, self.levels = script, Levels(script)
        self.reader = MeasureReader(self.levels)
        self.cleaning = Cleaning(self.levels)
        self.remarks: list[Remark] = []
        self.bindings = defaultdict[str, list[ast.stmt]](list)
        self.end: list[ast.stmt] = []
        for statement in script.tree.body:
            if isinstance(statement, ast.If) and "__name__" in names_read(ast.walk(statement.test)):
                self.end.append(statement)
            for name in _bound(statement) if statement not in self.end else ():
                self.bindings[name].append(statement)
        self.calls = defaultdict[str, list[ast.Call]](list)
        for node in ast.walk(script.tree):
            if isinstance(node, ast.Call):
                self.calls[read_dotted_name(node.func)].append(node)

    def read(self) -> PlainScript:
        chosen = self._chosen()
        self._take_turns(chosen)
        if not chosen.seed:
            self._make_seeded(chosen)
        self.cleaning.clean(chosen.node, chosen.body)
        carried = self._carried(chosen)
        if not chosen.factors and chosen.method is None:
            self._promote(chosen, carried)
            carried = self._carried(chosen)
        self._shorten_imports(carried)
        self._remark_on_reading(carried)
        measures = self.reader.measures(chosen.computing, chosen.values, self._labels(chosen))
        if not measures:
            raise ExperimentError(
                f"{chosen.name} in line {chosen.node.lineno} gives no number but of the clock. {_CURE}"
            )
        self._give_parameters(chosen)
        own = {name for name, parts in self.bindings.items() if any(id(part) in carried for part in parts)}
        for name in sorted(own & TAKEN):
            self._rename(chosen, name, carried)
        return PlainScript(
            docstring=ast.get_docstring(self.script.tree) or "",
            function=f"{chosen.name}.{chosen.method.name}" if chosen.method else chosen.name,
            line=chosen.computing.lineno,  # type: ignore[attr-defined]
            lines=tuple(self._lines(carried.values())),
            call=self._call(chosen),
            factors=tuple(chosen.factors.values()),
            measures=measures,
            taken_out={why: sorted(set(lines)) for why, lines in self.cleaning.taken.items()},
            not_needed=tuple(self._not_needed(carried)),
            remarks=tuple(sorted(set(self.remarks), key=lambda remark: (remark.line, remark.sentence))),
            names=frozenset(own),
        )

    def _chosen(self) -> _Candidate:
        """What computes one cell, most likely: it takes a seed, names its numbers, and is called by nothing like it."""
        candidates = []
        for candidate in self._candidates():
            self._heed_turns(candidate)
            candidate.measures = self.reader.measures(candidate.computing, candidate.values, self._labels(candidate))
            is_named = any(measure.access.startswith(('["', "[config.", "[f", ".")) for measure in candidate.measures)
            if candidate.tier == _NAMED and not is_named:
                candidate.tier = _BARE
            if candidate.measures and (is_named or candidate.method is None):
                candidates.append(candidate)
        if not candidates:
            raise ExperimentError(f"No function of this script takes a seed and gives numbers. {_CURE}")
        readers = {candidate.name: (candidate.tier, names_read(ast.walk(candidate.node))) for candidate in candidates}

        def rank(candidate: _Candidate) -> tuple[bool, int, bool, int]:
            is_unclear = not all(factor.levels for factor in candidate.factors.values())
            is_inner = any(
                tier == candidate.tier and candidate.name in names and name != candidate.name
                for name, (tier, names) in readers.items()
            )
            likely = [place for place, word in enumerate(_LIKELY) if word in candidate.name.lower()]
            return is_unclear, candidate.tier, is_inner, min(likely, default=len(_LIKELY))

        best = min(candidates, key=rank)
        self._heed_turns(best)
        return best

    def _candidates(self) -> Iterator[_Candidate]:
        for statement in self.script.tree.body:
            if isinstance(statement, Function):
                seeds = [name for name in _parameters(statement) if is_seed(name)]
                candidate = _Candidate(
                    name=statement.name, node=statement, body=statement.body, seed="".join(seeds[:1])
                )
                yield from self._seeded(candidate) if seeds else self._unseeded(candidate)
            elif isinstance(statement, ast.ClassDef):
                yield from self._of_class(statement)
            elif statement in self.end and isinstance(statement, ast.If):
                yield from self._unseeded(_Candidate(name="script", node=statement, body=statement.body))

    def _seeded(self, candidate: _Candidate) -> Iterator[_Candidate]:
        candidate.values, candidate.tier = self.reader.returned(candidate.computing), _NAMED
        self._read_arguments(candidate)
        yield candidate

    def _of_class(self, statement: ast.ClassDef) -> Iterator[_Candidate]:
        own = _parameters(_init(statement))
        for method in statement.body:
            seeds = [name for name in {**own, **_parameters(method)} if is_seed(name)]
            if seeds and isinstance(method, Function) and not method.name.startswith("_"):
                candidate = _Candidate(name=statement.name, node=statement, body=(), seed=seeds[0], method=method)
                yield from self._seeded(candidate)

    def _unseeded(self, candidate: _Candidate) -> Iterator[_Candidate]:
        """A function that takes its seed from the command line, from a constant or from a loop, and writes JSON."""
        nodes = list(self.script.live(*candidate.body, whole=False))
        options = [option for node in nodes if (option := self.levels.option(node))]
        constants = names_read(nodes) & self.levels.constants.keys()
        if any(is_seed(option.name) for option in options) or any(map(_is_argument, nodes)):
            candidate.tier = _TOLD
        elif any(map(is_seed, constants)):
            candidate.tier = _FIXED
        elif any(
            turn.is_seed for node in nodes if isinstance(node, ast.For) for turn in list_turns(node.target, node.iter)
        ):
            candidate.tier = _LOOPING
        else:
            return
        outputs = [value for node in nodes if isinstance(node, ast.Call) for value in self._outputs(node)]
        candidate.values = outputs or self.reader.returned(candidate.node)
        yield candidate

    def _outputs(self, call: ast.Call) -> Iterator[ast.expr]:
        """What a call writes as JSON, itself or by a function of the script."""
        name = read_dotted_name(call.func)
        if name in ("json.dump", "json.dumps", "dump", "dumps", "pickle.dump") and call.args:
            yield call.args[0]
        elif (function := self.reader.functions.get(name)) is not None:
            written = {
                root_of(inner.args[0])
                for inner in ast.walk(function)
                if isinstance(inner, ast.Call)
                and inner.args
                and read_dotted_name(inner.func) in ("json.dump", "json.dumps")
            }
            for parameter, value in zip(_parameters(function), call.args, strict=False):
                if parameter in written:
                    yield value

    # Levels.

    def _read_arguments(self, candidate: _Candidate) -> None:
        """The levels of every parameter, from wherever the script calls it."""
        if candidate.method is not None:
            ends = [calls for name, calls in self.calls.items() if name.endswith(f".{candidate.method.name}")]
            self._read_parameters(candidate, candidate.method, [call for calls in ends for call in calls])
        if init := _init(candidate.node) if candidate.method else candidate.node:
            self._read_parameters(candidate, init, self.calls[candidate.name])

    def _read_parameters(self, candidate: _Candidate, function: ast.AST, calls: Sequence[ast.Call]) -> None:
        outside = [call for call in calls if self._function_around(call) is not function]
        for place, (name, default) in enumerate(_parameters(function).items()):
            if name == candidate.seed:
                continue
            values = [_argument(call, place, name) or default for call in outside] or [default]
            texts = {ast.unparse(value) for value in values if value}
            if len(texts) == 1 and values[0] and self._is_passed_on(values[0]):
                if values[0] is not default:
                    candidate.passed[name] = texts.pop()
                continue
            levels = [self._resolved(value) if value else () for value in values]
            every = tuple(dict.fromkeys(level for part in levels for level in part))
            is_clear = all(levels) and len({type(level) for level in every}) == 1
            line = getattr(function, "lineno", 1)
            candidate.factors[name] = Factor(name=name, levels=every if is_clear else (), line=line)

    def _is_passed_on(self, value: ast.expr) -> bool:
        """Is it no level but a table, a list or a function of the script, or None?"""
        if isinstance(value, ast.Constant) and value.value is None:
            return True
        names = names_read(ast.walk(value))
        is_own = names <= self.bindings.keys() - {turn.name for turn in self._loops_around(value)}
        return is_own and not self._is_scalar(value) and not isinstance(value, ast.Constant)

    def _is_scalar(self, value: ast.expr) -> bool:
        return len(self.levels.levels(value)) == 1 and not isinstance(value, ast.List | ast.Tuple)

    def _resolved(self, value: ast.expr, depth: int = 0) -> tuple[bool | int | float | str, ...]:
        """The levels that an argument takes."""
        if isinstance(value, ast.Name):
            for turn in self._loops_around(value):
                if turn.name == value.id and not turn.is_index:
                    return self.levels.levels(turn.values)
            function = self._function_around(value)
            values = self.reader.scope(function).values.get(value.id, []) if function else []
            if values:
                return self._resolved(values[0], depth + 1) if len(values) == 1 and depth < 9 else ()
        return self.levels.levels(value) if self._is_scalar(value) or self.levels.option(value) else ()

    def _loops_around(self, node: ast.AST) -> Iterator[Turn]:
        for above in self._around(node):
            for loop in [above] if isinstance(above, ast.For) else getattr(above, "generators", ()):
                yield from list_turns(loop.target, loop.iter)

    def _function_around(self, node: ast.AST) -> ast.AST | None:
        return next((above for above in self._around(node) if isinstance(above, Function)), None)

    # Loops that have one turn in a cell.

    def _heed_turns(self, candidate: _Candidate) -> None:
        """Note the loops over levels, and over seeds, in which the candidate fills what it returns."""
        self.reader.one_turn, self.reader.stands_for, candidate.loops = set(), {}, []
        if candidate.method is not None:
            return
        filled = self._filled(candidate)
        for node in self.script.live(*candidate.body, whole=False):
            loops = [node] if isinstance(node, ast.For) else list(getattr(node, "generators", ()))
            for loop in loops:
                taken = list(list_turns(loop.target, loop.iter))
                if taken and all(self._is_turn(candidate, turn) for turn in taken) and self._fills(loop, filled):
                    candidate.loops.append((loop, taken))
                    self.reader.one_turn.add(id(loop))
                    for turn in taken:
                        self.reader.stands_for[turn.name] = self._stand_in(turn)

    def _is_turn(self, candidate: _Candidate, turn: Turn) -> bool:
        if turn.is_index or (turn.is_seed and candidate.tier == _LOOPING):
            return True
        is_listed = isinstance(turn.values, ast.Name | ast.Attribute) or not candidate.seed
        return (
            is_listed
            and not turn.is_seed
            and read_dotted_name(getattr(turn.values, "func", turn.values)) != "range"
            and bool(self.levels.levels(turn.values))
        )

    def _filled(self, candidate: _Candidate) -> set[str]:
        """Names of what is returned, and of what goes into that as it is."""
        scope = self.reader.scope(candidate.computing)
        names, waiting = set[str](), [name for value in candidate.values for name in _as_they_are(value)]
        while waiting:
            name = waiting.pop()
            if name not in names:
                names.add(name)
                values = [*scope.values.get(name, ()), *(part.value for part in scope.written.get(name, ()))]
                waiting += [inner for value in values for inner in _as_they_are(value)]
        return names

    def _fills(self, loop: ast.For | ast.comprehension, filled: set[str]) -> bool:
        if isinstance(loop, ast.comprehension):
            above = self.script.parents.get(id(self.script.parents.get(id(loop))))
            return isinstance(above, ast.Return | ast.Dict | ast.Assign | ast.Call)
        for node in ast.walk(loop):
            match node:
                case ast.Call(func=ast.Attribute(attr="append" | "update" | "extend", value=owner)):
                    if root_of(owner) in filled:
                        return True
                case ast.Subscript(ctx=ast.Store()) if root_of(node) in filled:
                    return True
                case ast.Return():
                    return True
        return False

    def _stand_in(self, turn: Turn) -> str:
        if turn.is_index:
            return "0"
        return "seed" if turn.is_seed else f"config.{self._factor_name(turn)}"

    def _factor_name(self, turn: Turn) -> str:
        """The loop's own name; of one or two letters, what its list is called."""
        listed = read_dotted_name(turn.values).rpartition(".")[2].lower().removesuffix("_list").removesuffix("_values")
        return listed.removesuffix("s") if len(turn.name) <= 2 and len(listed) > 2 else turn.name

    def _remark(self, node: ast.AST, sentence: str) -> None:
        self.remarks.append(Remark(line=getattr(node, "lineno", 1), sentence=sentence))

    def _take_turns(self, chosen: _Candidate) -> None:
        """Have each of these loops turn once, and remark on what that changes."""
        for loop, taken in chosen.loops:
            for turn in taken:
                if turn.is_index:
                    self._remark(loop.target, f"`{turn.name}` counted the levels, and is 0 in every cell")
                    continue
                if turn.is_seed:
                    sentence = "each seed is computed apart: take out what is made of several, as a mean or a spread"
                    self._remark(loop.target, sentence)
                else:
                    name, levels = self._factor_name(turn), self.levels.levels(turn.values)
                    chosen.factors[name] = Factor(name=name, levels=levels, line=loop.target.lineno)
                    self._remark_on_chance(chosen, loop)
                chosen.takes_config = True
                self.script.replace(turn.replaced, turn.template.format(self._stand_in(turn)))
        self._mark_other_uses(
            chosen, {read_dotted_name(turn.values): turn for _, taken in chosen.loops for turn in taken}
        )

    def _mark_other_uses(self, chosen: _Candidate, swept: Mapping[str, Turn]) -> None:
        """What is done with all levels at once has one level in a cell."""
        for node in list(self.script.live(*chosen.body)):
            if isinstance(node, ast.Name) and node.id in swept:
                above = self.script.parents[id(node)]
                if isinstance(above, ast.Call) and read_dotted_name(above.func) == "len":
                    self.script.replace(node, f"({self._stand_in(swept[node.id])},)")
                else:
                    self.script.replace(node, "TODO")
                    sentence = f"something is made of all of {node.id} at once: an estimand does that, so take it out"
                    self._remark(node, sentence)

    def _remark_on_chance(self, chosen: _Candidate, loop: ast.For | ast.comprehension) -> None:
        inside, names = set(map(id, ast.walk(loop))), names_read(ast.walk(loop))
        for name, values in self.reader.scope(chosen.computing).values.items():
            for value in values:
                called = read_dotted_name(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
                if name in names and called in _GENERATORS and id(value) not in inside:
                    sentence = (
                        f"`{name}` is made once, for all levels in turn; in a cell each level draws what the first one "
                        "drew, so the numbers of the others are not those of the script"
                    )
                    self._remark(value, sentence)

    def _remark_on_reading(self, carried: Mapping[int, ast.stmt]) -> None:
        for node in self.cleaning.reads:
            if any(id(part) in carried for part in self._around(node)) and not self.script.is_gone(node):
                name = read_dotted_name(node)
                sentence = f"`{name}` reads what no cell has: write it into the script, or make it in the cell"
                self._remark(node, sentence)

    def _around(self, node: ast.AST) -> Iterator[ast.AST]:
        while (above := self.script.parents.get(id(node))) is not None:
            yield above
            node = above

    # A script's end that becomes a function of config and seed.

    def _make_seeded(self, chosen: _Candidate) -> None:
        """Take seed and levels from `seed` and `config` instead of the command line, and return what was written."""
        for node in list(self.script.live(*chosen.body)):
            option = self.levels.option(node)
            if option is not None and not any(word in option.name for word in _OF_FILES):
                self._stand_for(chosen, node, option)
            elif isinstance(node, ast.Name) and node.id in self.levels.constants and is_seed(node.id):
                self._stand_for(chosen, node, Factor(name="seed", levels=(), line=node.lineno))
            elif _is_argument(node):
                self._stand_for_word(chosen, node)
        outputs = [value for value in chosen.values if not isinstance(self.script.parents[id(value)], ast.Return)]
        if outputs:
            self._return(max(outputs, key=lambda value: len(self.reader.measures(chosen.computing, [value], [""]))))

    def _stand_for_word(self, chosen: _Candidate, node: ast.AST) -> None:
        """`n = int(sys.argv[2])` is a factor n; the first word is the seed where it has no name."""
        above, is_first = self.script.parents[id(node)], ast.unparse(node).endswith("[1]")
        while isinstance(above, ast.IfExp) or (isinstance(above, ast.Call) and read_dotted_name(above.func) in _KINDS):
            node, above = above, self.script.parents[id(above)]
        name = "seed" if is_first else ""
        if isinstance(above, ast.Assign):
            name = read_dotted_name(above.targets[0])
        elif isinstance(above, ast.Tuple) and isinstance(outer := self.script.parents[id(above)], ast.Assign):
            names = dict(zip(map(id, above.elts), getattr(outer.targets[0], "elts", ()), strict=False))
            name = read_dotted_name(names.get(id(node), above))
        if name.isidentifier():
            self._stand_for(chosen, node, Factor(name=name, levels=(), line=getattr(node, "lineno", 1)))

    def _stand_for(self, chosen: _Candidate, node: ast.AST, factor: Factor) -> None:
        """Have `seed` or a field of config stand for what the command line said."""
        if is_seed(factor.name):
            self._stand(node, "seed")
        else:
            chosen.factors.setdefault(factor.name, factor)
            self._stand(node, f"config.{factor.name}")

    def _stand(self, node: ast.AST, text: str) -> None:
        above = self.script.parents[id(node)]
        if isinstance(above, ast.Assign) and [read_dotted_name(target) for target in above.targets] == [text]:
            self.script.remove(above)
        else:
            self.script.replace(node, text)

    def _return(self, value: ast.expr) -> None:
        """Have the statement that writes this value return it."""
        node: ast.AST = value
        while not isinstance(node, ast.stmt) or (
            isinstance(above := self.script.parents[id(node)], ast.With) and len(above.body) == 1
        ):
            above = self.script.parents[id(node)]
            self.script.gone |= {id(part) for part in ast.iter_child_nodes(above) if part is not node}
            node = above
            self.script.kept.add(id(node))
        start, end = self.script.span(node)
        first, last = self.script.span(value)
        self.script.replace_span(start, first, "return ")
        self.script.replace_span(last, end, "")

    # What is carried over.

    def _carried(self, chosen: _Candidate) -> dict[int, ast.stmt]:
        """The statements that a cell needs, by their ids in the order of the script, each cleaned."""
        passed = {name for text in chosen.passed.values() for name in re.findall(r"\w+", text)}
        carried, waiting = dict[int, ast.stmt](), [chosen.node, *(part for name in passed for part in self._made(name))]
        while waiting:
            statement = waiting.pop()
            if id(statement) not in carried:
                carried[id(statement)] = statement
                for function in [statement, *getattr(statement, "body", ())]:
                    if isinstance(function, Function) and function is not chosen.node:
                        self.cleaning.clean(function, function.body)
                waiting += [part for name in self._needs(statement) for part in self._made(name)]
        return dict(sorted(carried.items(), key=lambda item: item[1].lineno))

    def _made(self, name: str) -> Sequence[ast.stmt]:
        return self.bindings.get(name, ())

    def _needs(self, statement: ast.stmt) -> set[str]:
        """Names that a statement takes from outside of it."""
        if isinstance(statement, ast.ClassDef):
            parts = [self._needs(part) for part in statement.body]
            above = [*statement.bases, *statement.keywords, *statement.decorator_list]
            return names_read(self.script.live(*above)).union(*parts)
        nodes = list(self.script.live(statement))
        stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        stored |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        shared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
        is_own = isinstance(statement, Function) or statement in self.end
        return (names_read(nodes) - (stored - shared if is_own else set())) | shared

    def _shorten_imports(self, carried: Mapping[int, ast.stmt]) -> None:
        """Of what is imported together only what is needed stays, in one line."""
        needed = set[str]().union(*map(self._needs, carried.values()))
        for statement in carried.values():
            if isinstance(statement, _IMPORTS):
                names = [alias for alias in statement.names if (alias.asname or alias.name).partition(".")[0] in needed]
                if len(names) < len(statement.names) or statement.end_lineno != statement.lineno:
                    shorter = copy.copy(statement)
                    shorter.names = names
                    self.script.replace(statement, ast.unparse(shorter))

    def _rename(self, chosen: _Candidate, name: str, carried: Mapping[int, ast.stmt]) -> None:
        """Give another name to what is called like a part of an experiment's file."""
        nodes = [node for statement in carried.values() for node in self.script.live(statement)]
        if any(isinstance(node, ast.arg) and node.arg == name for node in nodes):
            raise ExperimentError(
                f"Line {self.bindings[name][0].lineno} makes `{name}`, as an experiment's file has to, and a function "
                "has a parameter of that name. Nothing was written; give it another name in the script."
            )
        for node in nodes:
            if isinstance(node, ast.Name) and node.id == name:
                self.script.replace(node, f"script_{name}")
            elif isinstance(node, Function | ast.ClassDef) and node.name == name:
                start = self.script.source.index(name, self.script.start(node) + len("def"))
                self.script.replace_span(start, start + len(name), f"script_{name}")
        chosen.name = f"script_{name}" if chosen.name == name else chosen.name

    def _promote(self, chosen: _Candidate, carried: Mapping[int, ast.stmt]) -> None:
        """Constants in capitals that nothing else reads become factors of one level, where there is no other factor."""
        others = (self._needs(statement) for statement in carried.values() if statement is not chosen.node)
        constants = {
            name: value for name, value in self.levels.constants.items() if name.isupper() and self._is_scalar(value)
        }
        constants = {name: constants[name] for name in constants.keys() - set[str]().union(*others)}
        for node in list(self.script.live(*chosen.body)):
            if isinstance(node, ast.Name) and node.id in constants:
                name, value = node.id.lower(), constants[node.id]
                chosen.factors[name] = Factor(name=name, levels=self.levels.levels(value), line=value.lineno)
                chosen.takes_config = True
                self.script.replace(node, f"config.{name}")

    def _give_parameters(self, chosen: _Candidate) -> None:
        """Have the function take what its edited body reads."""
        node = chosen.node
        if isinstance(node, ast.If):
            start, (_, end) = self.script.start(node), self.script.span(node.test)
            self.script.replace_span(start, end, f"def {chosen.name}(config, seed)")
        elif isinstance(node, Function) and (chosen.takes_config or not chosen.seed):
            opening = re.compile(r"[^(]*\(").match(self.script.source, self.script.start(node))
            start = opening.end() if opening else 0
            ends = [self.script.span(part)[1] for part in ast.iter_child_nodes(node.args)]
            end = start if chosen.seed else max([start, *ends])
            self.script.replace_span(start, end, "config, " if chosen.seed else "config, seed")

    def _call(self, chosen: _Candidate) -> str:
        if not chosen.seed:
            return f"{chosen.name}(config, seed)"
        values = {name: f"config.{name}" for name in chosen.factors} | chosen.passed | {chosen.seed: "seed"}

        def words(function: ast.AST | None) -> str:
            return ", ".join(f"{name}={values[name]}" for name in _parameters(function) if name in values)

        if chosen.method is not None:
            return f"{chosen.name}({words(_init(chosen.node))}).{chosen.method.name}({words(chosen.method)})"
        return f"{chosen.name}({'config, ' * chosen.takes_config}{words(chosen.node)})"

    def _labels(self, candidate: _Candidate) -> list[str]:
        """What numbers are called that have no keys: by the names that are returned, or that the script gives them."""
        names = [value.id for value in candidate.values if isinstance(value, ast.Name)]
        for call in self.calls[candidate.name]:
            above = self.script.parents.get(id(call))
            for target in above.targets if isinstance(above, ast.Assign) else ():
                names += [read_dotted_name(part) for part in getattr(target, "elts", [target])]
        return [*names, candidate.name]

    def _lines(self, carried: Iterable[ast.stmt]) -> Iterator[tuple[int, str]]:
        """The code of these statements, with the comments above each, two lines around functions."""
        edited = defaultdict[int, list[str]](list)
        for number, text in self.script.edited():
            edited[number].append(text.rstrip())
        before: ast.stmt | None = None
        for statement in carried:
            first = min([statement.lineno, *(mark.lineno for mark in getattr(statement, "decorator_list", ()))])
            while first > 3 and self.script.lines[first - 2].startswith("#"):
                first -= 1
            if before is not None:
                is_apart = any(isinstance(part, Function | ast.ClassDef | ast.If) for part in (before, statement))
                gap = 2 if is_apart else min(1, first - (before.end_lineno or first) - 1)
                yield from [(first, "")] * gap
            previous = ""
            for number in range(max(first, getattr(before, "end_lineno", 0) + 1), (statement.end_lineno or first) + 1):
                for text in edited[number]:
                    if text or not previous.endswith(":"):
                        yield number, text
                    previous = text
            before = statement

    def _not_needed(self, carried: Mapping[int, ast.stmt]) -> Iterator[Remark]:
        for statement in self.script.tree.body:
            is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if id(statement) in carried or statement in self.end or is_text or isinstance(statement, _IMPORTS):
                continue
            names = [read_dotted_name(target) for target in getattr(statement, "targets", ())]
            name = getattr(statement, "name", "") or ", ".join(filter(None, names))
            yield Remark(line=statement.lineno, sentence=name or self.script.lines[statement.lineno - 1].strip())


def _bound(statement: ast.stmt) -> list[str]:
    """Names that a statement outside of functions makes."""
    if isinstance(statement, Function | ast.ClassDef):
        return [statement.name]
    names = list[str]()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                names.append(name)
            case ast.alias(name=name, asname=other):
                names.append(other or name.partition(".")[0])
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.append(name)
    return list(dict.fromkeys(names))


def _init(statement: ast.stmt) -> ast.stmt | None:
    return next((part for part in getattr(statement, "body", ()) if getattr(part, "name", "") == "__init__"), None)


def _parameters(function: ast.AST | None) -> dict[str, ast.expr | None]:
    """The parameters of a function with their defaults, `self` left aside."""
    if not isinstance(function, Function):
        return {}
    words = function.args
    plain = [*words.posonlyargs, *words.args]
    defaults = [*[None] * (len(plain) - len(words.defaults)), *words.defaults, *words.kw_defaults]
    every = zip([*plain, *words.kwonlyargs], defaults, strict=True)
    return {argument.arg: default for argument, default in every if argument.arg != "self"}


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """What a call hands on as this parameter."""
    by_name = next((word.value for word in call.keywords if word.arg == name), None)
    return by_name or (call.args[place] if place < len(call.args) else None)


def _is_argument(node: ast.AST) -> bool:
    """Is it `sys.argv[1]`?"""
    match node:
        case ast.Subscript(value=value, slice=ast.Constant()):
            return read_dotted_name(value) in ("sys.argv", "argv")
    return False


def _as_they_are(value: ast.expr) -> Iterator[str]:
    """Names that go into a value without being computed with."""
    match value:
        case ast.Name(id=name):
            yield name
        case ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _as_they_are(part)
        case ast.Call(func=function, args=arguments, keywords=words):
            if (read_dotted_name(function).rpartition(".")[2] or getattr(function, "attr", "")) in _PASSED_ON:
                for part in [*arguments, *(word.value for word in words)]:
                    yield from _as_they_are(part)

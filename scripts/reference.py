"""Writes docs/reference and what the catalogue declares from the program itself; --check changes nothing."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from importlib import resources
from pathlib import Path

import click

from axiom import errors, shipped
from axiom.cli.main import axiom
from axiom.domain.programs import USUAL_LIMITS
from axiom.features import FEATURES, noun_of
from axiom.gate.registry import COMMANDS
from axiom.laboratory.experiments import shipped_declarations
from axiom.laboratory.experiments.rules import allowed_names, outline
from axiom.settings import Settings
from axiom.signed.sources import parse_source
from axiom.web.site.routes import PAGES

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path("docs/reference")
# What a file of an experiment declares, by the module that says what may stand in it.
_DECLARED = {
    "experiments": ("Experiment", "Needs", "Figure", "Control", "Headline"),
    "estimands": ("Estimand", "Kind", "Direction", "Center", "Event", "Prediction", "Published"),
    "maps": ("Map", "Knob", "Band"),
}
_NOTE = "*Written by `scripts/docs`; change the program, not this page.*\n"
_OF_PYTHON = ("__init__.py", "__main__.py")
_COMMENT = r"((?:^--[^\n]*\n)*)"
_TABLE = re.compile(rf"{_COMMENT}^CREATE TABLE (\w+) \((.*?)^\);", re.MULTILINE | re.DOTALL)
_CHANGED = re.compile(r'(?:INTO |UPDATE |\.add(?:_all)?\(\s*")(\w+)')
_RENAMED = re.compile(r"^ALTER TABLE (\w+) RENAME TO (\w+);", re.MULTILINE)
_DROPPED = re.compile(r"^DROP TABLE (\w+);", re.MULTILINE)
_COLUMN_RENAMED = re.compile(rf"{_COMMENT}^ALTER TABLE (\w+) RENAME COLUMN (\w+) TO (\w+);", re.MULTILINE)
_COLUMN_ADDED = re.compile(r"^ALTER TABLE (\w+) ADD COLUMN (.*?);", re.MULTILINE | re.DOTALL)


def generate(program: click.Command) -> dict[str, str]:
    """Every page of the reference by its file name."""
    pages = {
        "features.md": _features(),
        "commands.md": _commands(program),
        "settings.md": _settings(),
        "limits.md": _limits(),
        "errors.md": _errors(),
        "tables.md": _tables(),
        "experiment.md": _experiment(),
        "kit.md": _kit(),
    }
    links = "".join(f"- [{name.removesuffix('.md')}]({name})\n" for name in pages)
    return {"README.md": f"# Reference\n\n{_NOTE}\n{links}- [glossary](../../GLOSSARY.md)\n", **pages}


def outdated(program: click.Command, checkout: Path) -> list[str]:
    """The pages that are missing, differ from the program, or belong to nothing in it."""
    pages = generate(program)
    folder = checkout / FOLDER
    strays = [page.name for page in folder.glob("*.md") if page.name not in pages]
    return sorted(strays + [name for name, text in pages.items() if _read(folder / name) != text])


def write(program: click.Command, checkout: Path) -> list[str]:
    """Bring the reference up to date; the names of the pages that changed."""
    changed, pages = outdated(program, checkout), generate(program)
    folder = checkout / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in pages:
            (folder / name).write_text(pages[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return changed


def _read(page: Path) -> str | None:
    return page.read_text(encoding="utf-8") if page.is_file() else None


def _features() -> str:
    rows: dict[str, dict[str, list[str]]] = {noun: defaultdict(list) for noun in FEATURES}
    for room, noun in _rooms().items():
        rows[noun][room.partition("/")[0]].append(f"[{room}](../../src/axiom/{room})")
    for name, module in _writers():
        rows[noun_of(module)]["**tables**"].append(f"`{name}`")
    for name, command in COMMANDS.items():
        rows[noun_of(command.__module__)]["**commands**"].append(f"`{name}`")
    for page in PAGES:
        rows[noun_of(page.make.__module__)]["**pages**"].append(f"`{page.path}`")
    about = "Where the code of each noun stands: whole folders where nothing else is in them."
    parts = [f"# Features\n\n{_NOTE}\n{about}\n"]
    for noun, card in FEATURES.items():
        rows[noun]["**terminal**"] += [f"`axiom {name}`" for name in card.terminal]
        lines = "".join(f"| {floor} | {', '.join(places)} |\n" for floor, places in rows[noun].items() if places)
        parts.append(f"## {noun}\n\n{card.about}\n\n| floor | where |\n|---|---|\n{lines}")
    return "\n".join(parts)


def _rooms() -> dict[str, str]:
    """The noun of each module; of a folder that holds one noun alone, that of the folder."""
    package = Path(str(resources.files("axiom")))
    files = [file.relative_to(package) for file in sorted(package.rglob("*.py")) if file.name not in _OF_PYTHON]
    nouns = {file: noun_of(".".join(("axiom", *file.with_suffix("").parts))) for file in files}
    in_folder = defaultdict(set)
    for file, noun in nouns.items():
        for folder in file.parents:
            in_folder[folder].add(noun)
    rooms = {}
    for file, noun in nouns.items():
        whole = [folder for folder in file.parents if len(in_folder[folder]) == 1]
        rooms[f"{whole[-1]}/" if whole else str(file)] = noun
    return rooms


def _writers() -> Iterator[tuple[str, str]]:
    """Every table, and the module of the store that writes it."""
    names, folder = tables().keys(), Path(str(resources.files("axiom.store")))
    for file in sorted(folder.rglob("*.py")):
        module = ".".join(file.relative_to(folder).with_suffix("").parts)
        changed = _CHANGED.findall(file.read_text(encoding="utf-8"))
        yield from ((name, f"axiom.store.{module}") for name in sorted(names & set(changed)))


def _commands(program: click.Command) -> str:
    parts = [f"# Commands\n\n{_NOTE}"]
    for context in _leaves(click.Context(program, info_name="axiom")):
        command = context.command
        about = command.help or command.short_help or ""
        parts.append(f"## {context.command_path}\n\n`{' '.join(_usage(context))}`\n\n{_plain(about)}\n")
        rows = [record for option in command.get_params(context) if (record := option.get_help_record(context))]
        rows = [(words, meaning) for words, meaning in rows if meaning and not words.endswith("--help")]
        if rows:
            lines = "".join(f"| `{_cell(words)}` | {_cell(meaning)} |\n" for words, meaning in rows)
            parts.append(f"| option | meaning |\n|---|---|\n{lines}")
    return "\n".join(parts)


def _usage(context: click.Context) -> list[str]:
    return [context.command_path, *context.command.collect_usage_pieces(context)]


def _leaves(context: click.Context) -> Iterator[click.Context]:
    command = context.command
    if not isinstance(command, click.Group):
        yield context
        return
    if command.invoke_without_command:
        yield context
    for name in sorted(command.list_commands(context)):
        leaf = command.get_command(context, name)
        if leaf is not None and not leaf.hidden:
            yield from _leaves(click.Context(leaf, parent=context, info_name=name))


def _settings() -> str:
    rows = "".join(
        f"| `{knob.name}` | `AXIOM_{knob.name.upper()}` | {getattr(knob.type, '__name__', knob.type)} "
        f"| `{knob.default}` | {_cell(knob.metadata['about'])} |\n"
        for knob in fields(Settings)
    )
    return (
        f"# Settings\n\n{_NOTE}\nA flag wins over a variable, a variable over `axiom.toml`, and that over the default."
        "\n\n`AXIOM_DATA` names the data folder for every command; `AXIOM_DEBUG` shows where a fault of ours happened."
        f"\n\n| in `axiom.toml` | variable | type | default | what it does |\n|---|---|---|---|---|\n{rows}"
    )


def _limits() -> str:
    parts = [
        f"# Limits\n\n{_NOTE}\nThe numbers that a person may tune, from `src/axiom/limits`: whoever changes one "
        "changes what a volunteer, a scientist or an operator notices, and nothing else has to change with it.\n"
    ]
    for file in sorted((resources.files("axiom") / "limits").iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".py") or file.name == "__init__.py":
            continue
        text = file.read_text(encoding="utf-8")
        rows = "".join(f"| `{name}` | {value} | {_cell(about)} |\n" for name, value, about in _numbers(text))
        noun = file.name.removesuffix(".py")
        about = outline.first_paragraph(parse_source(text))
        parts.append(f"## {noun}\n\n{about}\n\n| name | value | meaning |\n|---|---|---|\n{rows}")
    rows = "".join(f"| `{name}` | {most:,} |\n" for name, most in USUAL_LIMITS.items())
    about = (
        "What a program may do in a day unless whoever gives rights says otherwise: a limit, or how often a command."
    )
    parts.append(f"## programs\n\n{about}\n\n| limit | value |\n|---|---|\n{rows}")
    return "\n".join(parts)


def _numbers(text: str) -> Iterator[tuple[str, str, str]]:
    """Each number by its name, as a person writes it, with the comment behind it or above it."""
    lines = text.splitlines()
    for node in parse_source(text).body:
        if isinstance(node, ast.Assign):
            above: list[str] = []
            start = node.lineno - 2
            while lines[start].startswith("# "):
                above.insert(0, lines[start].removeprefix("# "))
                start -= 1
            behind = lines[node.lineno - 1].partition("  # ")[2]
            yield ast.unparse(node.targets[0]), _amount(node.value), behind or " ".join(above)


def _amount(value: ast.expr) -> str:
    if isinstance(value, ast.Call):  # of timedelta
        (span,) = value.keywords
        number = ast.unparse(span.value)
        return f"{number} {(span.arg or '').removesuffix('s' if number == '1' else '')}"
    try:
        return f"{ast.literal_eval(value):,}"
    except ValueError:
        return f"`{ast.unparse(value)}`"


def _errors() -> str:
    rows = "".join(
        f"| {'– ' * depth}`{error.__name__}` | {error.exit_code} | {_cell(_first_line(error))} |\n"
        for depth, error in _family(errors.AxiomError)
    )
    return (
        f"# Errors\n\n{_NOTE}\nEverything that Axiom refuses or reports on purpose. The number is the exit status of a "
        f"command that ends with it. A dash means: one kind of the error above.\n\n"
        f"| error | exit | what it means |\n|---|---|---|\n{rows}"
    )


def _family(error: type[errors.AxiomError], depth: int = 0) -> Iterator[tuple[int, type[errors.AxiomError]]]:
    yield depth, error
    for kind in error.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield from _family(kind, depth + 1)


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def _tables() -> str:
    parts = [f"# Tables\n\n{_NOTE}\nTimes are microseconds since 1970 in UTC.\n"]
    for name, (about, columns) in tables().items():
        parts.append(f"## {name}\n\n{about}```sql\n{columns}\n```\n")
    return "\n".join(parts)


def tables() -> dict[str, tuple[str, str]]:
    """What each table is for and its columns, in the order in which the migrations made them."""
    by_name: dict[str, tuple[str, str]] = {}
    for migration in sorted((resources.files("axiom.store") / "migrations").iterdir(), key=lambda file: file.name):
        if not migration.name.endswith(".sql"):
            continue
        sql = migration.read_text(encoding="utf-8")
        for comment, name, columns in _TABLE.findall(sql):
            by_name[name] = (_paragraph(comment), columns.strip("\n"))
        for name, column in _COLUMN_ADDED.findall(sql):
            about, columns = by_name[name]
            by_name[name] = (about, f"{columns},\n    {column.strip()}")
        for comment, name, old, new in _COLUMN_RENAMED.findall(sql):
            about, columns = by_name[name]
            by_name[name] = (about + _paragraph(comment), re.sub(rf"\b{old}\b", new, columns))
        renamed = _RENAMED.findall(sql)
        for old, name in renamed:
            about, columns = by_name.pop(old)
            by_name[name] = (about or by_name[name][0], columns)
        for name in set(_DROPPED.findall(sql)) - {name for _, name in renamed}:
            del by_name[name]
    return by_name


def _paragraph(comment: str) -> str:
    about = " ".join(line.removeprefix("--").strip() for line in comment.splitlines())
    return f"{about}\n\n" if about else ""


def _kit() -> str:
    parts = [
        f"# Kit\n\n{_NOTE}\nWhat an experiment may import: after `from axiom.kit import chance, data` a file writes "
        '`chance.stream(seed, "data")`. `Array` is an array of NumPy or, inside a compiled program, of JAX.\n'
    ]
    for file in sorted((resources.files("axiom") / "kit").iterdir(), key=lambda file: file.name):
        module = file.name.removesuffix(".py")
        if module == file.name or module.startswith("_"):
            continue
        tree = parse_source(file.read_text(encoding="utf-8"))
        offered = "".join(
            f"- `{public.signature}`\\\n  {public.about}\n"
            for public in outline.public_names(tree)
            if f"axiom.kit.{module}.{public.name}" not in allowed_names.FORBIDDEN
        )
        parts.append(f"## {module}\n\n{outline.first_paragraph(tree)}\n\n{offered}")
    return "\n".join(parts)


def _experiment() -> str:
    parts = [
        f"# The words of an experiment's file\n\n{_NOTE}\nWhat has no default must be said. Written in the file as "
        "`Estimand(kind=Kind.CONTRAST, …)`, after `from axiom.domain.experiments import Experiment, …` and `from "
        "axiom.domain.findings import Estimand, …`; [the kit](kit.md) is what else it may import.\n"
    ]
    for module, names in _DECLARED.items():
        text = (resources.files("axiom") / "domain" / f"{module}.py").read_text(encoding="utf-8")
        classes = {node.name: node for node in parse_source(text).body if isinstance(node, ast.ClassDef)}
        for name in names:
            about = _plain(ast.get_docstring(classes[name]) or "")
            rows = "".join(_words(classes[name], text.splitlines()))
            parts.append(f"## {name}\n\n{about}\n\n| word | type | default | meaning |\n|---|---|---|---|\n{rows}")
    return "\n".join(parts)


def _words(node: ast.ClassDef, lines: list[str]) -> Iterator[str]:
    """A row for each field of a class, or for each choice, with the comment behind it."""
    for item in node.body:
        meaning = _cell(lines[item.lineno - 1].partition("  # ")[2])
        if isinstance(item, ast.AnnAssign):
            default = f"`{_default(item.value)}`" if item.value else ""
            kind = _cell(ast.unparse(item.annotation))
            yield f"| `{ast.unparse(item.target)}` | `{kind}` | {default} | {meaning} |\n"
        elif isinstance(item, ast.Assign):
            yield f"| `{node.name}.{ast.unparse(item.targets[0])}` | | `{ast.unparse(item.value)}` | {meaning} |\n"


def _default(value: ast.expr) -> str:
    """What stands where a file says nothing; of `field(…)` what it makes."""
    if isinstance(value, ast.Call) and value.keywords:
        (made,) = value.keywords
        return f"{ast.unparse(made.value)}{'()' if made.arg == 'default_factory' else ''}"
    return ast.unparse(value)


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in text.replace("\b", "").strip().splitlines())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """0 when everything is current, or has become so."""
    if unknown := [word for word in sys.argv[1:] if word != "--check"]:
        print(
            f"scripts/docs knows --check and --remove, not {' '.join(unknown)}. Nothing was written.", file=sys.stderr
        )
        return 2
    package = ROOT / "src" / "axiom"
    unlisted = shipped_declarations.list_outdated_declarations(package, shipped.catalogue_folder())
    if "--check" in sys.argv:
        stale = outdated(axiom, ROOT)
        if stale:
            print(f"Not current in docs/reference: {', '.join(stale)}. `scripts/docs` writes them.")
        if unlisted:
            print(f"Not current in {shipped_declarations.LIST}: {', '.join(unlisted)}. `scripts/docs` asks them.")
        return int(bool(stale or unlisted))
    changed = write(axiom, ROOT)
    if unlisted:
        text = shipped_declarations.render_declarations(package, shipped.catalogue_folder())
        (shipped.catalogue_folder() / shipped_declarations.LIST).write_text(text, encoding="utf-8")
        changed.append(shipped_declarations.LIST)
    print(f"Written: {', '.join(changed)}" if changed else "Everything was current.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

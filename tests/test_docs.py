"""The documents say what is so: links resolve, the reference is the program's own, records keep their form."""

import importlib
import inspect
import pkgutil
import re
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
import reference
from patience import PATIENCE

import axiom
import axiom.kit
import axiom.limits
from axiom import errors
from axiom.cli.main import axiom as program
from axiom.settings import Settings
from axiom.store.engine.database import Database
from axiom.store.migrate import migrate_database

ROOT = Path(axiom.__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(
            page
            for folder in ("docs", "packages", "src", "tests", "scripts", "campaigns")
            for page in (ROOT / folder).rglob("*.md")
            if not page.is_symlink()
        ),
    ]
)
CODE = re.compile(r"```.*?```", re.DOTALL)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def test_links_lead_somewhere():
    assert [(name_of(page), link) for page in PAGES for link in links(page) if not leads_somewhere(page, link)] == []


def test_the_reference_is_what_the_program_says():
    command = [sys.executable, ROOT / "scripts" / "reference.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_word_that_the_writer_of_the_reference_does_not_know_writes_nothing(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["reference.py", "--chekc"])
    monkeypatch.setattr(reference, "write", pytest.fail)
    assert reference.main() == 2


def test_a_changed_or_missing_or_stray_page_is_noticed(tmp_path):
    assert reference.write(program, tmp_path)
    assert reference.outdated(program, tmp_path) == []
    folder = tmp_path / reference.FOLDER
    (folder / "settings.md").write_text("something else")
    (folder / "errors.md").unlink()
    (folder / "stray.md").write_text("nobody's")
    assert reference.outdated(program, tmp_path) == ["errors.md", "settings.md", "stray.md"]
    reference.write(program, tmp_path)
    assert reference.outdated(program, tmp_path) == []


def leaves(command: click.Command, path: str) -> dict[str, click.Command]:
    if not isinstance(command, click.Group):
        return {path: command}
    context = click.Context(command)
    found = {}
    for name in command.list_commands(context):
        found |= leaves(command.get_command(context, name), f"{path} {name}")
    return found


def test_every_command_is_in_the_reference():
    text = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    shown = {name for name, command in leaves(program, "axiom").items() if not command.hidden}
    assert {name for name in shown if f"## {name}\n" not in text} == set()


def test_every_setting_is_in_the_reference():
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    assert {knob.name for knob in fields(Settings) if f"| `{knob.name}` |" not in text} == set()


def test_every_number_that_a_person_may_tune_is_in_the_reference():
    text = (REFERENCE / "limits.md").read_text(encoding="utf-8")
    for noun in (module.name for module in pkgutil.iter_modules(axiom.limits.__path__)):
        section = text.partition(f"## {noun}\n")[2].partition("\n## ")[0]
        names = {name for name in vars(importlib.import_module(f"axiom.limits.{noun}")) if name.isupper()}
        assert names == set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_error_is_in_the_reference_and_in_the_tree():
    text = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    names = {
        name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, errors.AxiomError)
    }
    assert {name for name in names if f"`{name}`" not in text} == set()
    assert {name for name in names if not re.search(rf"\b{name}\b", errors.__doc__ or "")} == set()


def test_every_table_is_in_the_reference_with_a_sentence():
    text = (REFERENCE / "tables.md").read_text(encoding="utf-8")
    assert {name for name in reference.tables() if f"## {name}\n" not in text} == set()
    assert {name for name, (about, _) in reference.tables().items() if not about} == set()


def test_the_columns_of_the_reference_are_those_of_the_database():
    db = Database(sqlite3.connect(":memory:", isolation_level=None))
    migrate_database(db, None, datetime(2026, 3, 2, tzinfo=UTC))
    for name, (_, columns) in reference.tables().items():
        listed = set(re.findall(r"^    (\w+)\b", columns, re.MULTILINE)) - {"PRIMARY", "UNIQUE", "CHECK", "FOREIGN"}
        assert (name, listed) == (name, {row["name"] for row in db.select(f"PRAGMA table_xinfo({name})")})
    db.close()


def test_every_function_of_the_kit_is_in_the_reference_unless_it_is_refused():
    text = (REFERENCE / "kit.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == {module.name for module in pkgutil.iter_modules(axiom.kit.__path__)}
    for name, section in sections.items():
        module = importlib.import_module(f"axiom.kit.{name}")
        own = {
            offered
            for offered, thing in vars(module).items()
            if inspect.isfunction(thing) and thing.__module__ == module.__name__ and not offered.startswith("_")
        }
        assert own - set(re.findall(r"^- `(\w+)\(", section, re.MULTILINE)) == (
            {"attach"} if name == "progress" else set()
        )


def test_nobody_is_told_to_install_the_package_of_another_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    files = [*PAGES, *(file for folder in ("src", "scripts", "campaigns") for file in (ROOT / folder).rglob("*.py"))]
    names = {
        name
        for file in files
        for name in re.findall(r"\binstall (?:-\S+ )*['\"]?(axiom[\w-]*)(?!\S*whl)", file.read_text(encoding="utf-8"))
    }
    assert names == {project, "axiom-weigh"}


COMMAND = re.compile(r"(?:(?<=`)|(?<=\.venv/bin/))axiom((?: [a-z][a-z-]*)+)")


def test_a_document_names_only_commands_that_exist():
    commands = [f"{name} " for name in leaves(program, "axiom")]
    strange = [
        (name_of(page), words)
        for page in PAGES
        if "reference" not in page.parts
        for words in COMMAND.findall(page.read_text(encoding="utf-8"))
        if not any(f"axiom{words} ".startswith(name) or name.startswith(f"axiom{words} ") for name in commands)
    ]
    assert strange == []


@pytest.mark.parametrize(
    ("index", "folders"), [("docs", ("tutorial", "howto", "explanation")), ("docs/measurements", (".",))]
)
def test_every_document_is_listed(index, folders):
    place = ROOT / index
    listed = {(place / link.partition("#")[0]).resolve() for link in links(place / "README.md")}
    pages = {page for folder in folders for page in (place / folder).resolve().glob("*.md")}
    assert pages - listed - {place / "README.md"} == set()


INSTALLED = ("explanation", "howto", "measurements", "reference", "tutorial")


def test_each_document_is_installed_with_the_program():
    """`ln -s ../../../../docs/howto/plan.md src/axiom/documents/howto/` installs one; a page shows it."""
    place = ROOT / "src" / "axiom" / "documents"
    pages = [ROOT / "docs" / "README.md", *(page for name in INSTALLED for page in (ROOT / "docs" / name).glob("*.md"))]
    assert {file.resolve() for file in place.rglob("*.md")} == set(pages)
    assert {file.relative_to(place) for file in place.rglob("*.md")} == {
        page.relative_to(ROOT / "docs") for page in pages
    }


RECORDS = sorted((ROOT / "docs" / "adr").glob("0*.md"))


def test_records_have_a_number_each_and_are_listed_by_their_titles():
    numbers = [record.name[:4] for record in RECORDS]
    assert sorted(set(numbers)) == numbers
    listed = re.findall(r"^- \[(.*)\]\((0.*)\)$", (ROOT / "docs/adr/README.md").read_text("utf-8"), re.MULTILINE)
    assert listed == [(record.read_text("utf-8").split("\n")[0].removeprefix("# "), record.name) for record in RECORDS]


def test_the_changelog_has_the_version_that_the_program_tells():
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1].startswith(axiom.__version__)
    assert (ROOT / "docs" / "releases" / f"{axiom.__version__}.md").exists()
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == axiom.__version__


NAMED_ELSEWHERE = {"NAME.py", "my_training.py", "recompute.py", "verify.py"}  # of readers, and in what is exported


ROOM = re.compile(r"\| `([\w/]+)/` \|")  # of a row about a folder


def missing_programs(page: Path, there: Sequence[Path]) -> Iterator[str]:
    """Those that a page names and that do not lie where it says: by a path, below itself, or in its row's folder."""
    is_beside_code = page.name == "README.md" and page.parent != ROOT and page.parent.parent.name != "docs"
    for line in page.read_text(encoding="utf-8").splitlines():
        room = ROOM.match(line)
        for named in re.findall(r"`((?:[\w.-]+/)*[\w-]+\.py)`", line):
            is_bare = is_beside_code and "/" not in named
            path = Path(room[1] if room and is_bare else "", named)
            places = [file for file in there if not is_bare or file.is_relative_to(page.parent)]
            if path.name not in NAMED_ELSEWHERE and not any(f"/{file}".endswith(f"/{path}") for file in places):
                yield named


def test_a_page_names_no_program_that_is_not_where_it_says():
    folders = ("docs", "packages", "scripts", "campaigns", "src", "tests")
    there = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    history = ("docs/sessions", "docs/measurements", "docs/gallery", "docs/adr", "CHANGELOG.md")
    pages = [page for page in PAGES if not name_of(page).startswith(history)]
    assert [(name_of(page), program) for page in pages for program in missing_programs(page, there)] == []

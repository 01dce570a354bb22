"""What every command has in common: help, near names, exit codes, colour, completion, and calm words for a terminal."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from furnished_lab import fill, furnish_more
from patience import PATIENCE

from axiom import errors
from axiom.cli.groups import Group
from axiom.cli.help_topics import EXITS
from axiom.cli.main import axiom
from axiom.errors import PortInUse
from axiom.service.sockets import listen_on_port
from axiom.store.findings import finding_notes
from axiom_weigh.terminal import escape_document, make_printable


def commands(context: click.Context):
    """Every group and command of the program, in its context."""
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            below = context.command.get_command(context, name)
            yield from commands(click.Context(below, parent=context, info_name=name))


COMMANDS = {
    tuple(context.command_path.split()[1:]): context.command
    for context in commands(click.Context(axiom, info_name="axiom"))
}
GROUPS = {words: command for words, command in COMMANDS.items() if isinstance(command, click.Group)}


@pytest.fixture
def said(say_to):
    return lambda *words: say_to(None, *words)


def test_every_group_shows_its_help_as_if_asked_for_it_and_a_reason_is_given_as_why(said):
    assert len(GROUPS) > 15
    for words, group in GROUPS.items():
        status, out, err = said(*words)
        assert status == 0
        assert err == ""
        assert isinstance(group, Group)
        assert out == said(*words, "--help")[1] == said("help", *words)[1]
        assert out.startswith(f"Usage: {' '.join(['axiom', *words])} ")
    assert said("help", "ledger", "policy", "list") == said("ledger", "policy", "list", "--help")
    options = [option for command in COMMANDS.values() for option in command.params]
    reasons = [option.opts for option in options if option.name in ("why", "reason")]
    assert len(reasons) >= 15
    assert [opts for opts in reasons if opts != ["--why"]] == []


def test_what_is_not_there_is_named_with_a_near_name_and_each_error_has_its_code(said):
    for words, near in (
        *((("help", "experimnt"), "experiment"), (("help", "lab", "x"), None), (("version",), "`axiom --version`")),
        *((("experiment", "help"), "`axiom experiment --help`"), (("finding", "poster"), None)),
        *((("fnding",), "finding"), (("erosion",), None), (("experiment", "rnu"), "run")),
    ):
        status, out, err = said(*words)
        assert (status, out) == (2, "")
        assert ("Did you mean" in err, f"Did you mean {near}?" in err) == (near is not None, near is not None)
    out = said("help", "exit-codes")[1]
    codes = {int(line.split()[0]) for line in out.splitlines()[1:]}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AxiomError)]
    raised = {kind.exit_code for kind in kinds}
    assert {code for code in raised if code < 10 or code == 70} | {0, 130} == codes == set(EXITS)


def test_colour_is_as_it_is_wanted(monkeypatch, say_to, tmp_path):
    for words, variables, coloured in (
        *(((), {}, False), ((), {"FORCE_COLOR": "1"}, True), ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)),
        *((("--color", "never"), {"FORCE_COLOR": "1"}, False), (("--color", "always"), {"NO_COLOR": "1"}, True)),
    ):
        for name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.setenv(name, variables.get(name, ""))
        status, out, _ = say_to(tmp_path, "doctor", *words)
        assert (status, "\x1b[" in out) == (1, coloured)


SHARED = {"folder", "dry_run", "as_json", "quiet"}
TYPED = {  # what has to be typed, and what is where nobody types it
    "proposal approve": ["PROPOSAL", "--why", "--by=operator"],
    "idea add": ["QUESTION", "--why", "--by=operator"],
    "experiment resume": ["NAME[@VERSION]", "--why=it may go on", "--platform=", "--by=operator"],
    "registration cohort": ["FINDING", "--why", "--stopping=settled", "--replicates=256"],
    "registration predict": ["--chances", "--interval", "--because", "--median=None", "FINDING", "--forecaster"],
    "news add": ["LINE", "--text=", "--until=", "--to-hosts=False"],
    "workunit cancel": ["WORKUNITS", "--why=cancelled"],
    "task abort": ["TASK", "--why=aborted by the operator", "--not-again=True"],
}
REFUSED = [
    *("proposal approve zero --why so", "proposal approve 0 --why so", "idea answer 1 lost", "news add"),
    *("experiment require tiny_sum --why so --times-longer 21", "watch register tiny_sum loss above 1 --sentence so"),
]


@pytest.mark.parametrize("words", TYPED)
def test_a_command_is_typed_as_its_class_says(words):
    command = COMMANDS[tuple(words.split())]
    context = command.make_context(words, [], resilient_parsing=True)
    own = [parameter for parameter in command.params if parameter.name not in SHARED]
    names = [parameter.opts[0] if parameter.opts[0][0] == "-" else parameter.make_metavar(context) for parameter in own]
    rest = ["" if parameter.required else f"={context.params[parameter.name]}" for parameter in own]
    assert [f"{name.rstrip('.')}{value}" for name, value in zip(names, rest, strict=True)] == TYPED[words]


@pytest.mark.parametrize("words", REFUSED)
def test_what_no_class_takes_is_refused_where_it_is_typed(words, said):
    assert said(*words.split())[0] == 2


def completed(*words: str) -> list[tuple[str, str]]:
    items = ShellComplete(axiom, {}, "axiom", "_AXIOM_COMPLETE").get_completions([*words[:-1]], words[-1])
    return [(item.type, item.value) for item in items]


def test_names_are_completed_and_where_there_is_none_it_is_a_file():
    names = {value for _, value in completed("")}
    assert {"lab", "experiment", "weigh"} <= names  # and what the help does not list is not offered unasked
    assert not {"completion", "docs"} & names
    assert completed("expe") == [("plain", "experiment")]
    assert completed("compl") == [("plain", "completion")]
    assert [value for _, value in completed("experiment", "re")] == ["recall", "reopen", "require", "resume", "retire"]
    assert completed("experiment", "run", "./my") == [("file", "./my")]
    for verb in ("run", "show", "publish", "deploy", "retire", "pause", "recall", "preflight"):
        assert ("plain", "rank_dynamics") in completed("experiment", verb, "rank_d")
    code = (
        "import sys\nfrom click.shell_completion import ShellComplete\nfrom axiom.cli.main import axiom\n"
        "ShellComplete(axiom, {}, 'axiom', '_').get_completions(['experiment', 'run'], 'grokking')\n"
        "print(sorted(name for name in sys.modules if name.startswith(('axiom.laboratory', 'axiom.web', 'numpy'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"  # nothing is imported for it that takes long


TOO_LONG = "x" * 300


def test_names_that_no_file_can_have_are_wrong_use_and_none_acts_on_the_terminal(said, tmp_path, monkeypatch):
    for words in (
        *(("weigh", TOO_LONG), ("status", "--data", TOO_LONG * 20), ("experiment", "show", f"{TOO_LONG}.py")),
        *(("init", TOO_LONG), ("experiment", "new", "mine", "--in", TOO_LONG), ("keys", "make", TOO_LONG)),
        *(("init", "lab", "--name", "\udcff"), ("session", "show", "\udcff")),
    ):
        monkeypatch.chdir(tmp_path)
        status, out, _ = said(*words)
        assert status == 2
        assert out == ""
        assert list(tmp_path.iterdir()) == []
    (tmp_path / "\udcff.csv").write_text("seed,value\n1,0.5\n")
    assert said("weigh", tmp_path / "\udcff.csv")[0] == 0
    (tmp_path / "theirs.csv").write_text("seed,\x07\x1b]0;mine\x07\n1,2\n")
    status, _, err = said("weigh", tmp_path / "theirs.csv")
    assert status == 2
    assert "??]0;mine?" in err
    assert is_calm(err)
    status, _, err = said("weigh", "/proc/self/mem")
    assert status == 2
    assert "/proc/self/mem" in err


@pytest.fixture
def closed():
    """A laboratory's folder that we may not read; for root one of root's, seen from an account without rights."""
    before = os.geteuid()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "lab"
        folder.mkdir(mode=0o700)
        Path(parent).chmod(0o755)
        if before == 0:
            os.seteuid(65_534)
        else:
            folder.chmod(0)
        try:
            yield folder
        finally:
            os.seteuid(before)
            folder.chmod(0o700)


def test_a_folder_that_is_closed_to_whoever_types_is_in_the_way_and_no_wrong_word(closed, say_to):
    for words in (("status",), ("task", "list"), ("lab", "--port", "0"), ("settings", "show")):
        status, out, err = say_to(closed, *words)
        assert status == 5
        assert out == ""
        assert str(closed) in err
    for folder, words in ((None, ("init", closed)), (closed / "inside", ("status",))):
        status, _, err = say_to(folder, *words)
        assert status == 5
        assert str(closed) in err


ACTING = "\x1b[2J\x9b\r\u202e\u2066\u061c"
FREE = {
    "idea": ("question", "why", "said_by"),
    "proposal": ("why", "decided_by"),
    "link": ("why", "said_by"),
    "session": ("reason",),
    "prediction": ("because", "forecaster"),
}


def is_calm(text):
    return all(sign.isprintable() or sign in "\n\u00a0" for sign in text)


def test_what_somebody_wrote_before_the_gate_refused_it_acts_on_no_terminal(small_lab, prepared, hand_over):
    fill(small_lab, prepared)
    furnish_more(small_lab, prepared)
    db = small_lab.db
    with db.transaction():
        finding_notes.add_finding_note(db, 1, text=f"a note{ACTING}", by="ada", now=small_lab.now)
        for table, columns in FREE.items():
            for column in columns:
                db.execute(f"UPDATE {table} SET {column} = {column} || :sign", sign=ACTING)  # noqa: S608 - the names are ours
        body = json.loads(db.select("SELECT body FROM proposal WHERE id = 1")[0]["body"])
        hostile = {name: f"{body[name]}{ACTING}" for name in ("claim", "question", "motivation")}
        db.execute("UPDATE proposal SET body = :body", body=json.dumps(body | hostile))
    say = hand_over()
    for words in (
        *("idea list", "idea show 1", "proposal list", "proposal show 1", "finding list", "finding show 1"),
        *("finding graph", "registration list", "registration show 1", "session list"),
        *("session show 2026-03-02-a", "session diff", "audit show"),
    ):
        status, out, err = say(*words.split())
        assert status == 0, words
        assert is_calm(out + err), words
    assert say("idea", "show", "1", "--json")[1]["idea"]["question"].endswith(ACTING)
    assert is_calm(escape_document(json.dumps({"said": ACTING}, indent=2, ensure_ascii=False)))
    text = "naïve \u202f?\u00a0« ça »\nעברית العربية می\u200cخواهم हिन्दी\t漢字 👩\u200d🔬"
    assert make_printable(text, but="\n\t") == text


_TYPED = """
import json, sys
from axiom.__main__ import _main
status = _main(sys.argv[1:])
print(json.dumps([status, sorted(name for name in sys.modules if name.startswith("axiom."))]))
"""
HEAVY = {
    f"axiom.{name}" for name in ("service.run", "service.volunteer_project", "server", "web", "engines", "commands")
}


def typed(*words: object) -> tuple[int, set[str], str]:
    command = [sys.executable, "-c", _TYPED, *map(str, words)]
    process = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    status, imported = json.loads(process.stdout)
    return status, set(imported), process.stderr


def test_words_that_are_off_and_a_port_in_use_are_said_without_the_laboratory(tmp_path, monkeypatch):
    other = socket.create_server(("127.0.0.1", 0))
    taken_port = other.getsockname()[1]
    for words, status, fact in (
        (("lab", "--prot", 3), 2, "port"),
        (("serve", "--port", 70_000), 2, "port"),
        (("lab", "--port", taken_port), 5, f"by process {os.getpid()} ("),
    ):
        code, imported, err = typed(*words, "--data", tmp_path / "lab")
        assert code == status
        assert fact in err
        assert imported & HEAVY == set()
    assert not (tmp_path / "lab").exists()

    def closed(path):
        if str(path).endswith("/fd"):
            raise PermissionError(13, "Permission denied")
        return everything(path)

    everything = os.listdir
    monkeypatch.setattr(os, "listdir", closed)  # nobody lets us see who holds it
    with pytest.raises(PortInUse, match="another program"):
        listen_on_port("127.0.0.1", taken_port)
    other.close()

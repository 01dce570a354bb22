"""Which column is the seed, the value, the outcome: as it was said, or as its name says without doubt."""

import pytest

import axiom_weigh
from axiom_weigh.errors import TableUnreadable, WrongUse
from axiom_weigh.tables.find_columns import NamedColumns
from axiom_weigh.tables.read_sheet import sheet_of
from axiom_weigh.tables.rows_from_sheet import rows_of


def read(columns, cells=(("1", "0.5"), ("2", "-0.25")), **words):
    table = {name: list(column) for name, column in zip(columns, zip(*cells, strict=True), strict=True)}
    return rows_of(sheet_of(table), NamedColumns(**words))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("seed value", {}),
        ("Seed VALUE", {}),
        ("params.seed value", {}),
        ("config.seed accuracy", {"value": "accuracy"}),
        ("params.seed metrics.accuracy", {"value": "accuracy"}),
        ("params.seed metrics.accuracy", {"value": "metrics.accuracy"}),
        ("run Accuracy", {"value": "accuracy", "seed": "run"}),
        ("params.random_state summary.loss", {"value": "Loss", "seed": "random_state"}),
        ("seeds values", {"value": "values", "seed": "seeds"}),
        ("value seed", {"value": "seed", "seed": "value"}),
    ],
)
def test_a_column_is_found_by_its_name_or_by_what_was_said(columns, words):
    rows = read(columns.split(), **words).rows
    assert [(row.seed, row.value) for row in rows] == [("1", 0.5), ("2", -0.25)]


@pytest.mark.parametrize(
    ("columns", "words", "says"),
    [
        ("seed accuracy", {}, "no column value.*value='accuracy', estimand='level'"),
        ("run metrics.loss", {}, "no column seed and no column value.*value='metrics.loss', seed='run'"),
        ("random_seed value", {}, "seed='random_seed'"),
        ("seeds value", {}, "Did you mean seed"),
        ("seed accuracy", {"value": "acuracy"}, "no column 'acuracy'.*Did you mean accuracy"),
        ("params.seed metrics.accuracy", {"value": "acuracy"}, "Did you mean metrics.accuracy"),
        ("params.sed value", {"seed": "seed"}, "Did you mean params.sed"),
        ("seed value", {"value": "loss"}, "no column 'loss', which --value names"),
        ("outcomes loss", {"seed": "loss", "value": "loss"}, "Did you mean outcome"),
        ("params.seed config.seed", {}, "'params.seed' and 'config.seed'.*--seed"),
        ("params.lr metrics.lr", {"value": "lr"}, "'params.lr' and 'metrics.lr'.*--value"),
        ("Loss loss", {"value": "LOSS"}, "'loss' twice"),
    ],
)
def test_a_column_that_is_not_there_or_not_clear_is_refused(columns, words, says):
    with pytest.raises(TableUnreadable, match=says):
        read(columns.split(), **words)


def test_what_was_taken_for_what_stands_on_the_card():
    table = {"Name": ["a", "b"], "State": ["finished", "crashed"], "config.seed": [1, 2], "loss": [0.5, 0.4]}
    card = axiom_weigh.weigh(table, value="loss")
    taken = [reason for reason in card.reasons if reason.startswith("taken for")]
    assert [reason.split()[-1] for reason in taken] == ["config.seed", "loss", "State"]
    assert (card.n_seeds, card.evidence.missing) == (1, 1)
    assert any(reason.endswith("not looked at: Name") for reason in card.reasons)
    assert not any("taken for" in reason for reason in axiom_weigh.weigh({"seed": [1], "value": [2]}).reasons)


@pytest.mark.parametrize(
    ("name", "words", "values"),
    [
        ("status", "FINISHED FAILED KILLED", [1.0, None, None]),
        ("State", "finished crashed running", [1.0, None, None]),
        ("STATUS", "COMPLETED TIMEOUT OUT_OF_MEMORY", [1.0, None, None]),
        ("state", "Ohio Texas Utah", [1.0, 1.0, 1.0]),
        ("status", "0 1 0", [1.0, 1.0, 1.0]),
        ("phase", "FINISHED FAILED KILLED", [1.0, 1.0, 1.0]),
    ],
)
def test_a_status_says_how_runs_ended_if_all_its_words_do(name, words, values):
    rows = read(["seed", "value", name], [(str(at), "1", word) for at, word in enumerate(words.split())])
    assert [row.value for row in rows.rows] == values
    assert (name in rows.unused) == (None not in values)


def test_a_status_of_which_some_words_say_an_end_is_refused():
    with pytest.raises(TableUnreadable, match=r"column status: 'failed' in row 2 .* 'Ohio' in row 1"):
        read(["seed", "value", "status"], [("1", "1", "Ohio"), ("2", "1", "failed")])
    with pytest.raises(TableUnreadable, match="two columns"):
        read(["seed", "value", "status", "State"], [("1", "1", "ok", "finished")])
    rows = read(["seed", "value", "status", "outcome"], [("1", "1", "failed", "ok")])
    assert [row.value for row in rows.rows] == [1.0]
    with pytest.raises(TableUnreadable, match="TensorBoard"):  # the steps of one training are no seeds
        axiom_weigh.weigh({"Wall time": [1.0, 2.0], "Step": [1, 2], "Value": [0.3, 0.4]})


def test_episodes_of_one_run_are_no_seeds(tmp_path):
    file = tmp_path / "monitor.csv"
    file.write_text('#{"t_start": 1700000000.1, "env_id": "CartPole-v1"}\nr,l,t\n9.0,9,0.1\n21.0,21,0.2\n')
    with pytest.raises(TableUnreadable, match="Episodes of one run are no seeds"):
        axiom_weigh.weigh(file)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"of": ("a", "a")}, "twice"),
        ({"of": "ab"}, "names no two arms"),
        ({"of": ("a", "b", "c")}, "names no two arms"),
        ({"of": ("a", "b"), "value": "c"}, "--value names a third"),
        ({"pair": "seed"}, "no arms are named"),
        ({"of": ("a", "b"), "by": "c", "seed": "run", "pair": "task"}, "add --pair seed"),
        ({"of": ("a", "b"), "estimand": "proportion"}, "proportion counts events"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words, says):
    with pytest.raises(WrongUse, match=says):
        axiom_weigh.weigh({"seed": [1], "a": [2], "b": [3], "c": [4]}, **words)

"""How an experiment is written, part by part: contract, words of a declaration, example, imports, controls, kit."""

import ast
from enum import StrEnum
from functools import cache
from pathlib import Path

import axiom
from axiom import shipped
from axiom.errors import UnknownName
from axiom.laboratory.experiments.rules import allowed_names
from axiom.laboratory.experiments.rules.new_file_template import write_new_text
from axiom.laboratory.experiments.rules.outline import first_paragraph, public_names
from axiom.mcp.answers import Answer
from axiom.signed.sources import parse_source
from axiom_weigh.grouping import group_pairs

_PACKAGE = Path(axiom.__file__).parent
_EXAMPLE = "learning_rate_warmup_dynamics"  # short, and its controls plant something else than what it asks


class GuidePart(StrEnum):
    """A part of the guide."""

    CONTRACT = "contract"
    SHORT = "short"
    DECLARATION = "declaration"
    EXAMPLE = "example"
    ALLOWED = "allowed"
    CONTROLS = "controls"
    WORDS = "words"
    KIT = "kit"


_CONTRACT = """\
One file asks one question. It declares everything before anything is computed.
- Config: a frozen dataclass of what varies (int, float, bool, str). Measures: a frozen dataclass of what one cell
  measures: numbers, or short curves as tuple[float, ...].
- run(config, seed) -> Measures computes one cell: one config, one seed. All chance comes from the seed, through
  chance.stream(seed, purpose). The same config and seed give the same numbers on every computer.
- experiment = Experiment(name, version, question, run, measures, sweep, ranges, estimands, controls, figure, needs).
  sweep: the configs. ranges: which values others may choose later; the claim is asked there too, so leave out where it
  says nothing (a placebo's value). version: raise it when numbers may change.
- An Estimand is what will be concluded: name, claim (one sentence that stands alone: who is compared, in which
  measure, under which condition), kind (contrast, slope, rank correlation, exponent, breakpoint, proportion, level),
  measure, between or across, expects (Direction.MORE, LESS or ABSENT: what the claim says, and what your own forecast
  holds likeliest), smallest (nearer to nothing counts as absent), prediction (chances that the number is above its
  null, below it, or near it, whatever the claim says; an interval, because), in_words: its unit, as in "{percent}
  percentage points". The laboratory composes the headline from the verdict. setting and words of the Experiment are
  the names that it uses: setting="small networks that learn clusters", words={"test_error": "the error on new
  examples", "rule=sgd": "plain descent"}; no digits.
  published=Published(value, reference, interval): a number of the literature with which its own is compared.
  event=Event(by=1_000, budget="steps"): of a measure that counts up to something, and is None where the run ended
  first, whether it happened by then; with after, among those that still waited then. Of a proportion.
- The laboratory chooses seeds and weighs: a finding is the estimand over all seeds, with an interval that holds at
  every look. Nothing about the analysis can be chosen after data.
- A file passes nine gates before it runs anywhere else: it is read, its imports are checked, it runs in a sandbox,
  twice with equal bits, within its memory and time; its controls find what was planted, and nothing where nothing is.
- needs: seconds(config) of one cell on one core, memory_mb of a task. A warm cell may take ten times more or less than
  that, and between configs the ratio may be off by three; a refusal at G6 says what was measured, once you ask. A run
  that may stop early is best given a fixed number of steps. A loop calls progress.block at least once a second.
- learned (optional) names a measure that no estimand concludes from, 1 where a cell learned anything at all, else 0:
  a draft of which no cell learned anything fails.
- guide_show part=declaration has every class of such a file with its fields and words.
- A mended text has the name of what it mends. It keeps its version where the numbers stay the same, which G3 checks;
  else raise version. draft_propose then needs draft, estimand and motivation (what was wrong) alone.
- A try is a text that draft_preflight took. Four tries of a name and of its kin under other names; what is refused at
  draft_write or by what it declares is none, and a text that passed, or failed at G6, is the same try with other needs,
  setting or words. A forecast is blind, and scored, only where no run of it or its kin was recorded here before; it
  then counts whatever becomes of the file, as lost where the file fails or is never proposed.
"""
_CONTROLS = """\
A control says what an estimand is worth. Control(estimand, placebo, planted):
- placebo: configs, as many as the estimand compares, at which nothing can be learned. They are trained for real. The
  estimand must find nothing there; what leaks in shows.
- planted: configs at which an effect is certain. The estimand must find it, on the side that the claim expects, or on
  the one that side=Direction.MORE or LESS names; on either side where the claim expects ABSENT.
- Both hold the very values of the estimand's own `between` (or `across`), since the estimand is computed of them; what
  makes them a placebo or plants the effect is another factor of the config, as labels="random" or control="planted".
- Neither may hold what an estimand compares, nor differ from that in what its measure does not see: then the gate would
  tell the answer. Plant something else than the treatment.
Controls are sealed with the estimand: to change them afterwards is a new version.
"""
_WORDS = """\
Logs, notes, papers and reasons of links are yours: pages show them folded, headed "Said by you, not checked", after
verdict and evidence, and nowhere else. No list of words looks at them; what you write is read as your opinion.
- A number of the records is a reference: {F12.estimate}, {F12.low}, {F12.at.width}. It is resolved whenever the text is
  shown; a number that you type stays as it is, and goes stale.
- Literature is {R:experiment}, as that experiment's signed file names it and a person approved it
  (axiom reference add).
- A reference to a finding, field or experiment that there is not is refused, and the refusal names what there is.
- Nothing is said about a finding before its first block is weighed: until then its question and forecasts stand alone.
A refused log does not count against the logs of a day; a dry run says what would be refused.
"""


def guide_part(which: str, module: str = "") -> Answer:
    match which:
        case GuidePart.SHORT:
            return {"contract": _CONTRACT, "example": "own_question.py", "source": write_new_text("own_question")}
        case GuidePart.CONTRACT:
            return {"contract": _CONTRACT}
        case GuidePart.DECLARATION:
            return {f"axiom.domain.{name}": _outline(_tree("domain", name)) for name in ("experiments", "estimands")}
        case GuidePart.EXAMPLE:
            return {
                "example": f"{_EXAMPLE}.py",
                "source": (shipped.catalogue_folder() / f"{_EXAMPLE}.py").read_text(encoding="utf-8"),
            }
        case GuidePart.ALLOWED:
            refused = {name: why for name, why in allowed_names.FORBIDDEN.items() if why}
            return {
                "modules": sorted(allowed_names.MODULES),
                "besides": "every module of axiom.kit",
                "refused": _by_reason(refused),
            }
        case GuidePart.CONTROLS:
            return {"controls": _CONTROLS}
        case GuidePart.WORDS:
            return {"words": _WORDS}
    if not module:
        return {"modules": {name: _said_of(name) for name in _kit()}}
    if module not in _kit():
        raise UnknownName("module of the kit", module, _kit())
    return {"module": f"axiom.kit.{module}", "about": _said_of(module), "names": _outline(_tree("kit", module))}


def _by_reason(refused: dict[str, str]) -> dict[str, list[str]]:
    return group_pairs((why, name) for name, why in sorted(refused.items()))


@cache
def _kit() -> tuple[str, ...]:
    return tuple(sorted(file.stem for file in (_PACKAGE / "kit").glob("[a-z]*.py")))


@cache
def _tree(room: str, module: str) -> ast.Module:
    return parse_source((_PACKAGE / room / f"{module}.py").read_text(encoding="utf-8"))


def _said_of(module: str) -> str:
    return first_paragraph(_tree("kit", module))


def _outline(tree: ast.Module) -> list[str]:
    return [f"{offered.signature}  # {offered.about}" for offered in public_names(tree)]

"""What somebody may write about findings: every number is a reference, and no word is stronger than the verdict.

A text is stored as it was written, and its references are resolved whenever it is shown. `{F12.estimate}` is a number
of finding 12, `{F12}` names it, `{R:benford_law}` is the literature that this experiment's signed file names.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from axiom.domain.evidence import VOID
from axiom_weigh.evidence.cards import Citable
from axiom_weigh.values import Grade

_REFERENCE = re.compile(
    r"\{(?:F(?P<finding>[1-9][0-9]{0,14})(?:\.(?P<field>[A-Za-z_][A-Za-z0-9_.]*))?|R:(?P<name>[A-Za-z0-9_]+))\}"
)
_BREAK = re.compile(r"\n\s*\n")
_WORD = re.compile(r"[^\W_]+")
_SURE = {Grade.STRONG, Grade.DEFINITIVE}
# One and two are free: they are said of nearly everything.
_NUMBERS = (
    "zero|nought|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|trillion|"
    "dozen|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|twentieth|thirtieth|fortieth|fiftieth"
)
_NUMBER_WORD = re.compile(
    rf"(?:one|two)*(?:{_NUMBERS})(?:one|two|{_NUMBERS})*(?:s|th|ths|fold)?|(?:one|two|double|triple)fold|(?:one|two){{2,}}|"
    r"(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)ies|halfs?|halves?|halved|halving|quarters?|quartered|doubl(?:e|es|ed|ing)|tripl(?:e|es|ed|ing)|trebled?|"
    r"quadrupl(?:e|es|ed|ing)|quintupled?|twice|thrice|percent|"
    r"(?:ein|zwei|drei|vier|funf|sechs|sieben|acht|neun|zehn|elf|zwolf|und|zig|hundert|tausend){2,}|zwei|drei|vier|funf|"
    r"sechs|sieben|neun|zehn|zwolf|hundert|tausend|trois|quatre|cinq|huit|neuf|onze|douze|vingt|trente|mille",
    re.IGNORECASE,
)
_PHRASES = re.compile(
    r"\b(?:one|two)[\s-]+(?:point[\s-]+)?(?:one|two)\b|\borders? of magnitude\b|\bper[\s-]cents?\b|"
    r"\b[ivxlc]{2,}-fold\b",
    re.IGNORECASE,
)
_NAMES = re.compile(r"\bdouble[\s-]descent\b", re.IGNORECASE)  # of a thing, that only sounds like a number
_PROOF = re.compile(
    r"\b(?:(?:dis)?prov(?:e|es|ed|en|ing)|(?:dis)?proofs?|establish(?:es|ed|ing)?|demonstrat(?:e|es|ed|ing|ions?)|"
    r"confirm(?:s|ed|ing|ations?)?|verif(?:y|ies|ied|ying)|refut(?:e|es|ed|ing|ations?)|conclusive(?:ly)?|"
    r"definitively|undeniabl[ey]|certain(?:ly|ty)?|settle[sd]?|beyond (?:any |all )?doubt)\b",
    re.IGNORECASE,
)
# What is said of more than was asked, unless a finding's own answer says it.
_SCOPE = re.compile(
    r"\b(?:all|always|every(?:one|body|thing|where)?|invariabl[ey]|universal(?:ly)?|(?:no|without)[\s-]+exceptions?|"
    r"(?:for|across|under|in)[\s-]+any|first)\b",
    re.IGNORECASE,
)
_OF_NO_SCOPE = re.compile(
    r"\b(?:(?:at|after|above|not|almost|nearly)[\s-]+all|all[\s-]+but|not[\s-]+(?:every\w*|always)|(?:almost|nearly)[\s-]+(?:every\w*|always)|"
    r"at[\s-]+first|first[\s-]+(?:of[\s-]+all|and[\s-]+second|arm|block|config|draft|look|question|seed|session|try))\b",
    re.IGNORECASE,
)
# Nothing is known of causes where nothing was set: a finding that compares configs set what differs between them.
_CAUSE = re.compile(
    r"\b(?:caus(?:e|es|ed|ing|al|ally|ation)|because|leads?[\s-]+to|led[\s-]+to|leading[\s-]+to|results?[\s-]+in|resulted[\s-]+in|"
    r"resulting[\s-]+in|due[\s-]+to|owing[\s-]+to|thanks[\s-]+to|driv(?:es|en|ing)|induc(?:e|es|ed|ing)|gives?[\s-]+rise[\s-]+to|"
    r"brings?[\s-]+about|responsible[\s-]+for)\b",
    re.IGNORECASE,
)
_LITERATURE = re.compile(
    r"(?i:\bet\.? al\b|\barxiv\b|\bdoi\b|\bibid\b|https?:|\bwww\.|\bisbn\b|\b(?:published|appeared|reported) in\b)|"
    r"\[[A-Z]\w+\]|\b[A-Z]\w+ (?:and|&) [A-Z]\w+ (?i:show|found|find|argue|report|prove)|"
    r"\b[A-Z]\w+[’']s? (?:\w+ )?(?:study|paper|theorem)\b"
)
_TURNING = re.compile(r"(?:minus|negative|times|plus)\W*$", re.IGNORECASE)  # before a reference: another number
_MOST_NAMED = 40  # references that a refusal lists


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A place of a text at which something of the records stands."""

    finding: int  # 0 of literature
    name: str  # the field; empty where the finding itself is named; of literature the experiment
    written: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenParagraph:
    pieces: tuple[str | Reference, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, Reference))

    @property
    def findings(self) -> tuple[int, ...]:
        """The findings that it names, each once."""
        return tuple(dict.fromkeys(reference.finding for reference in self.references if reference.finding))


def paragraphs(text: str) -> list[WrittenParagraph]:
    return [WrittenParagraph(pieces=tuple(_pieces(part))) for part in _BREAK.split(text.strip()) if part.strip()]


def findings_named(text: str) -> set[int]:
    return {number for paragraph in paragraphs(text) for number in paragraph.findings}


def refused(text: str, citables: Mapping[int, Citable]) -> str:
    """Why a text may not stand: its faulty paragraphs and words, then the references that there are; or nothing."""
    written = paragraphs(text)
    refusals = [
        f"paragraph {place}: {fault}"
        for place, paragraph in enumerate(written, start=1)
        for fault in faults(paragraph, citables)
    ]
    if not refusals:
        return ""
    about = {number for paragraph in written for number in paragraph.findings}
    return f"{'; '.join(refusals[:8])}. References that there are: {_listed(about, citables)}."


def faults(paragraph: WrittenParagraph, citables: Mapping[int, Citable]) -> list[str]:
    """What may not stand in this paragraph, each in a few words."""
    problems = [*_of_words(paragraph), *_of_neighbours(paragraph)]
    problems += [fault for reference in paragraph.references if (fault := _of_reference(reference, citables))]
    problems += _of_proof(paragraph, citables)
    problems += _of_scope(paragraph, citables)
    return list(dict.fromkeys(problems))


def unresolved(paragraph: WrittenParagraph, citables: Mapping[int, Citable]) -> list[str]:
    """The references to what is not known yet, as an estimate before anything is weighed."""
    return [
        reference.written
        for reference in paragraph.references
        if reference.finding in citables
        and reference.name in citables[reference.finding].fields
        and value_of(reference, citables) is None
    ]


def value_of(reference: Reference, citables: Mapping[int, Citable]) -> object:
    """What stands at this place today; None where nothing does."""
    if not reference.finding:
        return _literature(citables).get(reference.name)
    citable = citables.get(reference.finding)
    return None if citable is None else citable.fields.get(reference.name or "number")


def replaced(text: str, write: Callable[[Reference], str]) -> str:
    """The text with something else in the place of each reference."""
    return _REFERENCE.sub(lambda match: write(_read(match)), text)


def _read(match: re.Match[str]) -> Reference:
    number = int(match["finding"]) if match["finding"] else 0
    return Reference(finding=number, name=match["field"] or match["name"] or "", written=match[0])


def _pieces(text: str) -> Iterator[str | Reference]:
    text, end = " ".join(text.split()), 0
    for match in _REFERENCE.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        yield _read(match)
        end = match.end()
    if end < len(text):
        yield text[end:]


def _of_words(paragraph: WrittenParagraph) -> Iterator[str]:
    """Digits, number words, literature and signs that nobody sees, in what stands between the references."""
    text = "\N{OBJECT REPLACEMENT CHARACTER}".join(_between(paragraph))
    if brace := re.search(r"[{}][^{}\s]{0,40}\}?", text):
        yield f"{brace[0]!r} is no reference"
    for sign in dict.fromkeys(text):
        if unicodedata.category(sign) in {"Cf", "Cc", "Co", "Cn"}:
            yield f"the sign U+{ord(sign):04X} cannot be seen"
    for word in (part for part in text.split() if any(map(_is_number, part))):
        yield f"{word!r} types a number"
    plain = _NAMES.sub(" ", _bare(text))
    for word in _WORD.findall(plain):
        if _NUMBER_WORD.fullmatch(word):
            yield f"{word!r} is a number word"
        elif _is_mixed(word):
            yield f"{word!r} mixes letters of several scripts"
    for phrase in _PHRASES.finditer(plain):
        yield f"{phrase[0]!r} is a number in words"
    for phrase in _LITERATURE.finditer(plain):
        yield f"{phrase[0]!r} cites literature, which only a reference {{R:experiment}} may"


def _between(paragraph: WrittenParagraph) -> list[str]:
    """The words before, between and after the references."""
    stretches = [""]
    for piece in paragraph.pieces:
        if isinstance(piece, Reference):
            stretches.append("")
        else:
            stretches[-1] += piece
    return stretches


def _of_neighbours(paragraph: WrittenParagraph) -> Iterator[str]:
    """A reference stands alone: a sign, digit or word that touches it would make another number of it."""
    words = _between(paragraph)
    for before, reference, after in zip(words, paragraph.references, words[1:], strict=False):
        if (before and not (before[-1].isspace() or before[-1] in "([“‘\"'")) or _TURNING.search(before):
            yield f"{reference.written} is changed by what stands before it"
        elif after and not re.match(r"\s|[)\]”’\"';:!?]|[.,](?:$|[\s)\]”’\"'])", after):
            yield f"{reference.written} is changed by what stands behind it"
    for piece, following in zip(paragraph.pieces, paragraph.pieces[1:], strict=False):
        if isinstance(piece, Reference) and isinstance(following, Reference):
            yield f"{piece.written} is changed by what stands behind it"


def _of_reference(reference: Reference, citables: Mapping[int, Citable]) -> str:
    if not reference.finding:
        literature = _literature(citables)
        if literature.get(reference.name):
            return ""
        suggestion = _nearest(reference.name, literature)
        return f"{reference.written} is no literature of a signed file that a person has approved{suggestion}"
    citable = citables.get(reference.finding)
    if citable is None:
        near = min(citables, key=lambda number: (abs(number - reference.finding), number), default=None)
        return f"{reference.written} is no finding to speak of here" + (f"; the nearest is F{near}" if near else "")
    if citable.status in VOID:
        return f"{reference.written} is {citable.status}"
    if reference.name and reference.name not in citable.fields:
        return f"{reference.written} names no field{_nearest(reference.name, citable.fields)}"
    return ""


def _of_proof(paragraph: WrittenParagraph, citables: Mapping[int, Citable]) -> Iterator[str]:
    """Verbs of proof need a grade of at least Strong, of every finding that the paragraph names."""
    spoken = " ".join(_between(paragraph))
    grades = [citables[number].grade for number in paragraph.findings if number in citables]
    if grades and all(grade in _SURE for grade in grades):
        return
    for match in _PROOF.finditer(_bare(spoken)):
        weakest = next((grade for grade in grades if grade not in _SURE), None)
        why = f"a finding that it is said of is {weakest}" if weakest else "the paragraph names no finding"
        yield f"{match[0]!r} needs a grade of at least Strong, and {why}"


def _of_scope(paragraph: WrittenParagraph, citables: Mapping[int, Citable]) -> Iterator[str]:
    """A word that says more than the answers of the findings that the paragraph names, or tells a cause of them."""
    spoken = _bare(" ".join(_between(paragraph)))
    named = [citables[number] for number in paragraph.findings if number in citables]
    answers = " ".join(str(citable.fields.get("answer", "")) for citable in named).lower()
    for match in _SCOPE.finditer(_OF_NO_SCOPE.sub(" ", spoken)):
        if not re.search(rf"\b{re.escape(match[0].lower())}\b", answers):
            yield f"{match[0]!r} says more than the answer of a finding that the paragraph names"
    if named and not any(citable.compares for citable in named):
        for match in _CAUSE.finditer(spoken):
            yield f"{match[0]!r} tells a cause, and nothing was set otherwise in F{named[0].number}"


def _literature(citables: Mapping[int, Citable]) -> dict[str, str]:
    return {name: text for citable in citables.values() for name, text in citable.literature.items()}


def _nearest(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    return f"; did you mean {near[0]}?" if near else ""


def _listed(numbers: Collection[int], citables: Mapping[int, Citable]) -> str:
    open_ones = [citable for number, citable in sorted(citables.items()) if citable.status not in VOID]
    chosen = [citable for citable in open_ones if citable.number in numbers] or open_ones
    if not chosen:
        return "none, for no finding here may be spoken of"
    fields = " ".join(f"{{F{chosen[0].number}.{name}}}" for name in list(chosen[0].fields)[:_MOST_NAMED])
    others = "".join(f", the same of F{citable.number}" for citable in chosen[1:4])
    literature = dict.fromkeys(name for citable in chosen for name, text in citable.literature.items() if text)
    cited = "".join(f" {{R:{name}}}" for name in list(literature)[:4])
    return f"{fields}{others}{cited}"


def _bare(text: str) -> str:
    """These letters without accents, rings and other shapes."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if unicodedata.category(sign) != "Mn")


def _is_number(sign: str) -> bool:
    return sign.isnumeric() or unicodedata.category(sign)[0] == "N"


def _is_mixed(word: str) -> bool:
    """Are there Latin letters in it and others that may look like them?"""
    scripts = {unicodedata.name(sign, "").partition(" ")[0] for sign in word if sign.isalpha()}
    return "LATIN" in scripts and bool(scripts & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})

"""What follows from links: which may be made, what a test came to, what is void with something else, what hangs on it.

No belief is passed along the links: nobody could say what such a number is worth. There are only counts and banners.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from axiom.domain.evidence import Meaning, verdicts_of
from axiom.domain.links import Bearing, FindingState, Link, LinkKind, Node, Noun
from axiom_weigh.values import Grade, Verdict

_WITHOUT_CYCLES = {LinkKind.SUPERSEDES, LinkKind.DEPENDS_ON}
_BETWEEN_FINDINGS = {*_WITHOUT_CYCLES, LinkKind.REPLICATES}
DECIDED = {Meaning.AS_CLAIMED, Meaning.OPPOSITE, Meaning.TOO_SMALL}
_TESTING = {LinkKind.TESTS, LinkKind.REPLICATES}
# To know the first of two nodes helps to know the second. Of `depends on` it is the other way round.
_LEADING = {LinkKind.TESTS, LinkKind.EXPLAINS, LinkKind.RULES_OUT, LinkKind.MODERATES, LinkKind.REPLICATES}
CONJECTURE = "a conjecture until it is tested"
SAID_THEN = "as it was said then; here a finding that is at least Moderate must say it"


def link_fault(
    kind: LinkKind, source: Node, target: Node, links: Sequence[Link], states: Mapping[int, FindingState]
) -> str:
    """Why this may not be said, or nothing: the end of a sentence that begins with the link."""
    if source == target:
        return "nothing is said by linking it to itself"
    if kind in _BETWEEN_FINDINGS and {source.noun, target.noun} != {Noun.FINDING}:
        return "only a finding and a finding can be so"
    if source.noun is not Noun.FINDING and not (kind is LinkKind.EXPLAINS and source.noun is Noun.OLD_CLAIM):
        return "only an explanation can begin at something that is no finding"
    if target.noun is Noun.LINK and not (kind is LinkKind.TESTS and _is_explanation(target, links)):
        return "of all links only an explanation can be tested, and nothing else can be said of it"
    if kind is LinkKind.RULES_OUT and (why := _too_weak(states[source.id])):
        return why
    if kind in _WITHOUT_CYCLES and (path := _path(target, source, kind, links)):
        return f"that would close a circle: {' → '.join(str(node.id) for node in [source, *path])}"
    return ""


def find_bearing(link: Link, states: Mapping[int, FindingState]) -> Bearing | None:
    """What a test came to; None of what is no test."""
    if link.kind not in _TESTING or link.source.noun is not Noun.FINDING:
        return None
    return choose_bearing(states[link.source.id], link.upheld_by)


def choose_bearing(state: FindingState, upheld_by: Collection[Meaning]) -> Bearing:
    """What a test came to under whose meanings in `upheld_by` the claim holds."""
    if state.is_void or state.meaning not in DECIDED:
        return Bearing.SAYS_NOTHING
    return Bearing.SUPPORTS if state.meaning in upheld_by else Bearing.CONTRADICTS


def upholding_verdicts(link: Link, states: Mapping[int, FindingState]) -> tuple[Verdict, ...]:
    """Under which verdicts of the source of a test the target holds."""
    return tuple(
        verdict for meaning in link.upheld_by for verdict in verdicts_of(meaning, states[link.source.id].expects)
    )


def findings_between(link: Link, links: Iterable[Link]) -> frozenset[int]:
    """The findings at its ends, and at those of the explanation of which it speaks."""
    explained = next((other for other in links if link.target == Node(noun=Noun.LINK, id=other.id)), None)
    beyond = findings_between(explained, ()) if explained else frozenset[int]()
    return beyond | {node.id for node in (link.source, link.target) if node.noun is Noun.FINDING}


def link_caution(link: Link, links: Iterable[Link], states: Mapping[int, FindingState]) -> str:
    """What is to be kept in mind of a link; empty where nothing is."""
    if link.kind is LinkKind.EXPLAINS:
        return _test_in_words(link, links, states)
    if link.kind is not LinkKind.RULES_OUT:
        return ""
    if link.source.noun is not Noun.FINDING:
        return SAID_THEN
    why = _too_weak(states[link.source.id])
    return f"not in force: {why}" if why else ""


def find_tainted_findings(links: Iterable[Link], states: Mapping[int, FindingState]) -> dict[int, tuple[int, ...]]:
    """Each finding that depends, directly or through others, on findings that are void, and on which."""
    needs: dict[Node, set[Node]] = defaultdict(set)
    for link in links:
        if link.kind is LinkKind.DEPENDS_ON:
            needs[link.source].add(link.target)
    tainted_by = {}
    for node in list(needs):
        void = sorted(support.id for support in _reachable(node, needs) if states[support.id].is_void)
        if void:
            tainted_by[node.id] = tuple(void)
    return dict(sorted(tainted_by.items()))


def open_nodes(links: Iterable[Link], states: Mapping[int, FindingState], old_claims: Iterable[int]) -> frozenset[Node]:
    """The questions that are not answered: open findings without a verdict, old claims that no test has decided."""
    waiting = {
        Node(noun=Noun.FINDING, id=number)
        for number, state in states.items()
        if state.status == "open" and state.meaning not in DECIDED
    }
    decided = {link.target for link in links if find_bearing(link, states) in {Bearing.SUPPORTS, Bearing.CONTRADICTS}}
    claims = {Node(noun=Noun.OLD_CLAIM, id=old_claim) for old_claim in old_claims}
    return frozenset(waiting | (claims - decided))


def count_hanging_questions(links: Iterable[Link], is_open: Collection[Node]) -> dict[int, int]:
    """How many open questions hang on each finding, through however many links; without those on which none does."""
    leads: dict[Node, set[Node]] = defaultdict(set)
    for link in links:
        if link.kind in _LEADING:
            leads[link.source].add(link.target)
        elif link.kind is LinkKind.DEPENDS_ON:
            leads[link.target].add(link.source)
        if link.kind is LinkKind.EXPLAINS:  # whoever tests the explanation helps to know what it explains
            leads[Node(noun=Noun.LINK, id=link.id)].add(link.target)
    waiting = set(is_open)
    onward = {  # past what is answered nothing hangs: to know more of it helps no further
        node: following for node, following in leads.items() if node in waiting or node.noun is not Noun.OLD_CLAIM
    }
    amounts = {
        node.id: len((_reachable(node, onward) - {node}) & waiting) for node in list(leads) if node.noun is Noun.FINDING
    }
    return {number: amount for number, amount in sorted(amounts.items()) if amount}


def _is_explanation(target: Node, links: Iterable[Link]) -> bool:
    return any(link.id == target.id and link.kind is LinkKind.EXPLAINS for link in links)


def _too_weak(state: FindingState) -> str:
    if state.is_void:
        return f"the finding is {state.status}"
    if state.grade is Grade.AWAITING or state.meaning not in DECIDED:
        return f"only a finding that is decided and at least Moderate rules anything out, and this one is {state.grade}"
    return ""


def _test_in_words(link: Link, links: Iterable[Link], states: Mapping[int, FindingState]) -> str:
    target = Node(noun=Noun.LINK, id=link.id)
    bearings = {find_bearing(candidate, states) for candidate in links if candidate.target == target}
    verbs = [verb.value for verb in (Bearing.SUPPORTS, Bearing.CONTRADICTS) if verb in bearings]
    return f"tested: a finding {' and another one '.join(verbs)} it" if verbs else CONJECTURE


def _path(start: Node, end: Node, kind: LinkKind, links: Iterable[Link]) -> list[Node]:
    """The nodes from start to end along links of this kind; empty where no way leads there."""
    onward: dict[Node, set[Node]] = defaultdict(set)
    for link in links:
        if link.kind is kind:
            onward[link.source].add(link.target)
    before: dict[Node, Node | None] = {start: None}
    waiting = [start]
    while waiting and end not in before:
        node = waiting.pop()
        for following in sorted(onward[node]):
            if following not in before:
                before[following] = node
                waiting.append(following)
    path, node_or_none = [], end if end in before else None
    while node_or_none is not None:
        path.append(node_or_none)
        node_or_none = before[node_or_none]
    return path[::-1]


def _reachable(start: Node, onward: Mapping[Node, set[Node]]) -> set[Node]:
    """Everything to which a way leads from here, without the start itself unless a circle leads back."""
    reached: set[Node] = set()
    waiting = [start]
    while waiting:
        for following in onward.get(waiting.pop(), ()):
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return reached

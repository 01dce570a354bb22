"""The question box for whoever is signed in, and the page of what became of their ideas."""

from axiom.laboratory.ideas.commands import RetractIdea, SuggestIdea, good_question, good_why
from axiom.reads import ideas
from axiom.reads.base.request import Answer, Reading
from axiom.web.account.visit import Visit, act_of


def ideas_page(reading: Reading, _visit: Visit) -> Answer:
    """The public list, which a volunteer sees with the box beneath it."""
    return ideas.listed(reading)


_ADD = act_of(SuggestIdea, "/account/ideas?done=idea", question=good_question, why=good_why)
_WITHDRAW = act_of(RetractIdea, "/account/ideas?done=idea_back")
IDEA_ACTS = {"/account/ideas/add": (_ADD, "/ideas"), "/account/ideas/withdraw": (_WITHDRAW, "/account/ideas")}

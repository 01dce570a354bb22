"""The question box for whoever is signed in, and the page of what became of their ideas."""

from axiom.laboratory.ideas.commands import RetractIdea, SuggestIdea, check_idea_question, check_idea_reason
from axiom.reads import ideas
from axiom.reads.base.request import Answer, Reading
from axiom.web.account.visit import Visit, make_account_action


def account_ideas_page(reading: Reading, _visit: Visit) -> Answer:
    """The public list, which a volunteer sees with the box beneath it."""
    return ideas.ideas_page(reading)


_ADD = make_account_action(SuggestIdea, "/account/ideas?done=idea", question=check_idea_question, why=check_idea_reason)
_WITHDRAW = make_account_action(RetractIdea, "/account/ideas?done=idea_back")
IDEA_ACTS = {"/account/ideas/add": (_ADD, "/ideas"), "/account/ideas/withdraw": (_WITHDRAW, "/account/ideas")}

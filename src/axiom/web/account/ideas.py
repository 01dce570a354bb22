"""The question box for whoever is signed in, and the page of what became of their ideas."""

from axiom.commands.ideas import RetractIdea, SuggestIdea, good_question, good_why
from axiom.locale.languages import mark
from axiom.web.account.forms import whole
from axiom.web.account.visit import Outcome, Redirect, Redisplay, Visit
from axiom.web.base.request import Answer, Reading
from axiom.web.views import ideas


def ideas_page(reading: Reading, _visit: Visit) -> Answer:
    """The public list, which a volunteer sees with the box beneath it."""
    return ideas.listed(reading)


def add(visit: Visit) -> Outcome:
    form, (volunteer, _) = visit.form, visit.themselves
    question, why = form.check("question", good_question), form.check("why", good_why)
    if form.wrong:
        return Redisplay(form=form)
    visit.submit(SuggestIdea(volunteer=volunteer.id, question=question, why=why))
    return Redirect(to="/account/ideas?done=idea")


def withdraw(visit: Visit) -> Outcome:
    volunteer, _ = visit.themselves
    number = whole(visit.form.text("idea"))
    if number is None:
        visit.form.wrong[""] = mark("Choose an idea from the list. Nothing was changed.")
        return Redisplay(form=visit.form)
    visit.submit(RetractIdea(volunteer=volunteer.id, idea=number))
    return Redirect(to="/account/ideas?done=idea_back")


IDEA_ACTS = {"/account/ideas/add": (add, "/ideas"), "/account/ideas/withdraw": (withdraw, "/account/ideas")}

"""The question box: for whoever is signed in, on a public page that nobody else is shown with it."""

from urllib.parse import urlencode

from account_site import ORIGIN

from axiom.commands.ideas import MOST_A_DAY
from axiom.store.registrations import ideas

HOSTILE = '"><script>alert(1)</script>'
ADD, BACK = "/account/ideas/add", "/account/ideas/withdraw"
SAID = {"question": "Is it so?", "why": "I have seen it."}


def kept(ada):
    return ada.look(lambda db: ideas.of_volunteer(db, ada.account()[0].id))


def test_the_box_is_for_whoever_is_signed_in_and_kept_for_nobody_else(ada, new_visitor):
    other = new_visitor()
    assert ada.ask("/ideas").headers["cache-control"] == "no-store"
    assert [ADD in each.ask("/ideas").text for each in (ada, other)] == [True, False]
    reply = other.ask(ADD, method="POST", body=urlencode(SAID).encode(), origin=ORIGIN)
    assert (reply.status, reply.headers["location"]) == (303, "/account/sign-in")
    assert kept(ada) == []


def test_a_question_is_on_the_authors_page_alone_until_it_is_shown(ada, new_visitor):
    reply = ada.post(ADD, question=f"  Is it\n {HOSTILE}? ", why=HOSTILE)
    assert (reply.status, reply.headers["location"]) == (303, "/account/ideas?done=idea")
    (mine,) = kept(ada)
    assert mine.idea.question == f"Is it {HOSTILE}?"
    page = ada.ask("/account/ideas").text
    assert HOSTILE not in page
    assert "you and the operator" in page
    assert ada.ask("/account.json").json["account"]["ideas"][0]["question"] == mine.idea.question
    for visitor in (ada, new_visitor()):
        assert "alert(1)" not in visitor.ask("/ideas").text
        assert visitor.ask("/ideas/1").status == 404


def test_what_was_typed_is_kept_where_it_cannot_be_taken(ada):
    reply = ada.post(ADD, question="Is it \x1b[2J so?", why="x" * 2_001)
    assert (reply.status, kept(ada)) == (422, [])
    assert reply.text.count('aria-invalid="true"') == 2
    assert "x" * 2_001 in reply.text


def test_a_form_of_another_site_or_browser_sends_nothing(ada, new_visitor):
    eve = new_visitor()
    eve.register(name="Eve", email="eve@mail.example")
    assert ada.post(ADD, **SAID, form=eve.token("/ideas")).status == 403
    assert ada.post(ADD, **SAID, origin="https://evil.example").status == 403
    assert kept(ada) == []


def test_a_volunteer_takes_back_their_own_ideas_and_no_others(ada, new_visitor):
    ada.post(ADD, **SAID)
    eve = new_visitor()
    eve.register(name="Eve", email="eve@mail.example")
    eve.post(ADD, question="Is it not so?", why="I have not.")
    assert eve.post(BACK, idea="1").status == 422
    assert ada.post(BACK, idea="1").headers["location"] == "/account/ideas?done=idea_back"
    assert [each.state for each in kept(ada)] == ["withdrawn"]


def test_a_day_has_room_for_a_few_questions(ada):
    for number in range(MOST_A_DAY):
        assert ada.post(ADD, **SAID | {"question": f"Is it {number}?"}).status == 303
    reply = ada.post(ADD, **SAID)
    assert (reply.status, len(kept(ada))) == (422, MOST_A_DAY)
    assert SAID["question"] in reply.text

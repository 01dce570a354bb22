"""Uploads, in the pieces in which a network brings them: what is kept, what is answered, and what is never touched."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upload_lab import KEY, LARGE, LIMIT, NAME, SMALL, Place, head, md5, size_query, status_of

from axiom.boinc.transfers import done, size_reply, write_name, write_token
from axiom.domain.work import task_name


@pytest.fixture
def place(working_lab):
    made = Place(working_lab)
    yield made
    made.close()


@pytest.mark.parametrize("body", [b"", SMALL, b"x" * 70_000, LARGE], ids=len)
@pytest.mark.parametrize("piece", [7_919, 262_144])
def test_an_output_is_stored_before_it_is_acknowledged_and_once(place, body, piece):
    assert place.say(head(body), piece=piece) == done()
    assert place.stored() == {1: body}
    assert place.say(head(body), piece=piece) == done()
    assert place.stored() == {1: body}
    assert not list(place.folder.uploads.iterdir())
    assert place.say(size_query()) == size_reply(0)  # done with: a client that asks sends it again, and all is well


@given(cuts=st.lists(st.integers(0, 1_100), max_size=5))
def test_an_output_is_the_same_in_whatever_pieces_it_comes(place_for_all, cuts):
    request = head(SMALL)
    arrival = place_for_all.transfers.arrive(len(request))
    bounds = [0, *sorted(cuts), len(request)]
    assert all(arrival.take(request[a:b]) is None for a, b in itertools.pairwise(bounds) if b > a)
    assert arrival.finish().result(10) == done()


@given(noise=st.binary(max_size=400), at=st.integers(0, 500), length=st.one_of(st.none(), st.integers(0, 2_000)))
def test_whatever_comes_is_answered_and_nothing_wrong_is_stored(place_for_all, noise, at, length):
    request = head(SMALL)
    broken = request[:at] + noise + request[at + len(noise) :]
    arrival = place_for_all.transfers.arrive(length)
    if arrival.take(broken) is None:
        assert status_of(arrival.finish().result(10)) in {-1, 0, 1}
    assert place_for_all.stored().get(1, SMALL) == SMALL


@pytest.fixture(scope="module")
def place_for_all(new_lab, prepared, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("transfers") / "lab")
    lab.publish(prepared())
    lab.deploy()
    lab.host()
    made = Place(lab)
    yield made
    made.close()


@pytest.mark.parametrize("after", [30_000, 65_536, 300_000])
@pytest.mark.parametrize("body", [b"y" * 100_000, LARGE], ids=len)
def test_an_upload_that_was_cut_off_goes_on_where_it_was(place, body, after):
    request = head(body)
    after = min(after, len(request) - 10)
    place.cut(request, after=after)
    here = int(place.say(size_query()).partition(b"<file_size>")[2].partition(b"<")[0])
    assert 0 < here <= after
    assert place.say(head(body, offset=here)) == done()
    assert place.stored() == {1: body}
    assert not list(place.folder.uploads.iterdir())


def test_an_upload_may_go_on_before_where_it_was_and_never_behind(place):
    place.cut(head(LARGE), after=200_000)
    assert status_of(place.say(head(LARGE, offset=300_000))) == 1
    assert place.say(head(LARGE, offset=1_000)) == done()
    assert place.stored() == {1: LARGE}


def test_bytes_that_are_not_the_files_are_not_stored_and_it_is_begun_anew(place):
    other = bytes(len(LARGE))
    place.cut(head(other), after=200_000)
    assert status_of(place.say(head(LARGE, offset=100_000))) == 1
    assert place.say(size_query()) == size_reply(0)
    assert status_of(place.say(head(SMALL, digest=md5(b"something else")))) == 1
    assert place.stored() == {}
    assert place.say(head(LARGE)) == done()


FOREIGN = write_token(b"another laboratory's".ljust(32), name=NAME, max_nbytes=LIMIT)
OWN = write_token(KEY, name=NAME, max_nbytes=LIMIT)


@pytest.mark.parametrize(
    "request_",
    [
        head(LARGE, token=""),
        head(LARGE, token=FOREIGN),
        head(LARGE, token=OWN[:-1] + ("0" if OWN[-1] != "0" else "1")),
        head(LARGE, token=OWN.upper()),
        head(LARGE, token=OWN, most=LIMIT * 10),  # for more than was agreed
        head(LARGE, name=write_name(KEY, task_name("tiny_sum", 1, 2, 2)), token=OWN),  # reused for another file
        head(LARGE, name="guessed", token=write_token(KEY, name="guessed", max_nbytes=LIMIT)),
        head(LARGE, most=len(LARGE) - 1),  # larger than agreed
        head(LARGE) + b"more than the head says",
        head(LARGE)[:-5] + b"x" * 300_000,
    ],
)
def test_nothing_is_kept_without_a_token_of_ours_for_this_file_and_size(place, request_):
    before = place.kept()
    assert status_of(place.say(request_)) == -1
    assert place.kept() == before
    assert place.say(size_query()) == size_reply(0)


def test_an_endless_body_without_a_token_is_let_pass_for_a_while_and_then_cut_off(place):
    before = place.kept()
    arrival = place.transfers.arrive(None)
    arrival.take(head(LARGE, token=FOREIGN))
    answers = [arrival.take(b"x" * 65_536) for _ in range(20)]
    assert answers[0] is None
    assert answers[-1] == b"413 Content Too Large"
    assert place.kept() == before


def test_a_client_that_says_how_much_comes_hears_that_it_is_not_wanted_and_not_a_status(place):
    body = head(3 * LARGE, token=FOREIGN)
    arrival = place.transfers.arrive(len(body))
    assert {arrival.take(body[at : at + 65_536]) for at in range(0, len(body), 65_536)} == {None}
    assert status_of(arrival.finish().result(10)) == -1
    assert len(body) > 1_048_576


TRAVERSAL = [
    "../../axiom.db",
    "..%2f..%2faxiom.db",
    "%2e%2e/axiom.db",
    "/etc/passwd",
    "..\\..\\axiom.db",
    "a/../../b",
    "....//",
    "name\x00.txt",
    "\u2025/x",
    "\uff0e\uff0e/x",
    "con",
    "a" * 10_000,
    ".hidden",
    "keys/upload.key",
    "~root",
    "$(id)",
    "a\nb",
]


@pytest.mark.parametrize("name", TRAVERSAL)
def test_a_name_that_is_not_one_of_ours_touches_no_file(place, name):
    def files():
        return {path for path in place.folder.path.rglob("*") if path.is_file()}

    before = files()
    for request in (head(SMALL, name=name, token=write_token(KEY, name=name, max_nbytes=LIMIT)), size_query(name)):
        answer = place.say(request)
        assert status_of(answer) == -1 or answer == size_reply(0)
    assert files() == before


def test_a_question_about_size_tells_nothing_of_what_never_began(place):
    place.say(head(SMALL, token=FOREIGN))
    assert place.say(size_query()) == place.say(size_query("unheard-of")) == size_reply(0)

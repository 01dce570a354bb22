"""Outputs of tasks of the server that a laboratory succeeds: whose signature they have is kept, and nothing else."""

import pytest
from upload_lab import Place, head, md5, size_query, status_of

from axiom.boinc.uploads import size_reply, upload_done_reply
from axiom.server.http.fast_lane import RequestHead
from axiom.server.http.foreign_uploads import PUBLIC_KEY
from axiom.signed.boinc_code_signing import CodeKey

NAME = "star_00004_0_r1_0"
BODY = bytes(range(256)) * 300
MOST = 100_000


@pytest.fixture(scope="session")
def server_key():
    return CodeKey.make()


@pytest.fixture
def place(working_lab, server_key):
    keys = working_lab.folder.keys
    keys.mkdir(exist_ok=True)
    (keys / PUBLIC_KEY).write_text(server_key.public_text)
    made = Place(working_lab)
    yield made
    made.close()


@pytest.fixture
def bring(server_key):
    """An upload as that server's clients send it."""

    def write(body=BODY, *, name=NAME, most=MOST, key=server_key, **more):
        signature = key.sign_file(f"<name>{name}</name><max_nbytes>{most}</max_nbytes>".encode())
        return head(body, name=name, token=signature, most=more.pop("claimed", most), **more)

    return write


def kept(place):
    """Files by name: those that are whole, and how many are not."""
    whole = place.folder.foreign_uploads
    files = {path.name: path.read_bytes() for path in whole.iterdir()} if whole.exists() else {}
    return files, len(list(place.folder.uploads.iterdir()))


@pytest.mark.parametrize("body", [b"", b"short", BODY], ids=len)
def test_it_is_kept_once_under_its_name(place, bring, body):
    assert [place.say(bring(body), piece=7_919) for _ in range(2)] == [upload_done_reply(), upload_done_reply()]
    assert kept(place) == ({NAME: body}, 0)
    assert place.stored() == {}, "no task of the laboratory has it"
    assert place.say(size_query(NAME)) == size_reply(0)


def test_a_large_one_goes_through(place, bring):
    body = bytes(20_000_000)
    assert place.transfers.admit(RequestHead(length=len(body) + 1_000)) != 413
    assert place.say(bring(body, most=30_000_000), piece=262_144) == upload_done_reply()
    assert kept(place) == ({NAME: body}, 0)


def test_one_that_was_cut_off_is_sent_again_from_its_beginning(place, bring):
    place.cut(bring(), after=40_000)
    assert kept(place) == ({}, 1)
    assert place.say(size_query(NAME)) == size_reply(0)
    assert place.say(bring()) == upload_done_reply()
    assert kept(place) == ({NAME: BODY}, 0)


def test_what_that_server_did_not_agree_to_is_refused_for_good(place, bring):
    refused = [
        bring(key=CodeKey.make()),
        bring(claimed=MOST + 1),  # for more than was signed
        bring(bytes(MOST + 1)),
        bring().replace(NAME.encode(), b"star_00003_1_r1_0"),
        head(BODY, name=NAME, most=MOST),  # a token of ours
        head(BODY, name=NAME, most=MOST, token=""),
        bring(name="../star"),
    ]
    assert [status_of(place.say(request)) for request in refused] == [-1] * len(refused)
    assert status_of(place.say(bring(digest=md5(b"another")))) == 1, "it may have been damaged on its way"
    assert kept(place) == ({}, 0)


def test_without_the_key_of_a_server_before_nobody_s_signature_counts(working_lab, bring):
    place = Place(working_lab)
    assert status_of(place.say(bring())) == -1
    assert kept(place) == ({}, 0)
    place.close()

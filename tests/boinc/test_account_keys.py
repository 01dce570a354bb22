"""The keys by which BOINC knows a volunteer."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from axiom.boinc import account_keys

SECRET = b"s" * 32


def test_a_password_s_hash_is_what_clients_compute():
    assert (
        account_keys.passwd_hash("correct horse", "Ann@Example.ORG")
        == hashlib.md5(b"correct horseann@example.org", usedforsecurity=False).hexdigest()
    )
    assert account_keys.passwd_hash("pw", "a@b.c") == "62488904239bb069889c914736cbf45a"


def test_an_account_key_is_a_mac_of_volunteer_and_serial():
    expected = hmac.new(SECRET, b"axiom-account-1|12|3", hashlib.sha256).digest()[:16].hex()
    assert account_keys.account_key(SECRET, 12, 3) == expected


def test_another_volunteer_serial_or_secret_is_another_key():
    keys = {
        account_keys.account_key(SECRET, 1, 23),
        account_keys.account_key(SECRET, 12, 3),
        account_keys.account_key(SECRET, 12, 4),
        account_keys.account_key(b"t" * 32, 12, 3),
        account_keys.weak_key(SECRET, 12, 3).removeprefix("12_"),
        account_keys.internal_cpid(SECRET, 12),
    }
    assert len(keys) == 6
    assert {len(key) for key in keys} == {32}


@given(volunteer=st.integers(1, 10**17), serial=st.integers(0, 10**9))
def test_keys_have_the_form_of_keys_and_a_weak_one_says_so(volunteer, serial):
    strong = account_keys.account_key(SECRET, volunteer, serial)
    weak = account_keys.weak_key(SECRET, volunteer, serial)
    assert account_keys.is_key(strong)
    assert account_keys.is_key(weak)
    assert weak.startswith(f"{volunteer}_")
    assert not account_keys.is_weak(strong)
    assert account_keys.is_weak(weak)


@given(text=st.text())
def test_hardly_any_text_has_the_form_of_a_key(text):
    assert not account_keys.is_key(text)


def test_what_is_stored_of_a_key_is_its_digest():
    assert account_keys.key_digest("ab" * 16) == hashlib.sha256(b"ab" * 16).hexdigest()


def test_what_the_world_sees_of_an_address_is_a_digest():
    md5 = lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # noqa: E731
    assert account_keys.email_hash("Ann@example.org") == md5("ann@example.org")
    assert account_keys.external_cpid("0f" * 16, "Ann@example.org") == md5("0f" * 16 + "ann@example.org")
    assert account_keys.exported_host_cpid("1e" * 16, "Ann@example.org") == md5("1e" * 16 + "ann@example.org")

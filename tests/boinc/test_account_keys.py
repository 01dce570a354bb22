"""The keys by which BOINC knows a volunteer."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from axiom.boinc import account_keys

SECRET = b"s" * 32


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_digests_are_those_that_clients_and_credit_sites_compute():
    assert account_keys.passwd_hash("correct horse", "Ann@Example.ORG") == md5("correct horseann@example.org")
    assert account_keys.passwd_hash("pw", "a@b.c") == "62488904239bb069889c914736cbf45a"
    assert account_keys.email_hash("Ann@example.org") == md5("Ann@example.org")
    assert account_keys.external_cpid("0f" * 16, "Ann@example.org") == md5("0f" * 16 + "Ann@example.org")
    assert account_keys.exported_host_cpid("1e" * 16, "Ann@example.org") == md5("1e" * 16 + "Ann@example.org")
    assert account_keys.key_digest("ab" * 16) == hashlib.sha256(b"ab" * 16).hexdigest()


def test_a_key_is_a_mac_and_another_volunteer_serial_or_secret_has_another():
    expected = hmac.new(SECRET, b"axiom-account-1|12|3", hashlib.sha256).digest()[:16].hex()
    keys = [
        account_keys.account_key(SECRET, 12, 3),
        account_keys.account_key(SECRET, 1, 23),
        account_keys.account_key(SECRET, 12, 4),
        account_keys.account_key(b"t" * 32, 12, 3),
        account_keys.weak_key(SECRET, 12, 3).removeprefix("12_"),
        account_keys.internal_cpid(SECRET, 12),
    ]
    assert keys[0] == expected
    assert len(set(keys)) == 6
    assert {len(key) for key in keys} == {32}


@given(volunteer=st.integers(1, 10**17), serial=st.integers(0, 10**9), text=st.text())
def test_keys_have_the_form_of_keys_and_other_text_has_not(volunteer, serial, text):
    strong, weak = account_keys.account_key(SECRET, volunteer, serial), account_keys.weak_key(SECRET, volunteer, serial)
    assert [account_keys.is_key(key) for key in (strong, weak, text)] == [True, True, False]
    assert weak.startswith(f"{volunteer}_")
    assert not account_keys.is_weak(strong)
    assert account_keys.is_weak(weak)

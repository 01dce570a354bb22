"""BOINC's code signature, against arithmetic of our own."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.errors import KeysUnusable
from axiom.signed.boinc_code_signing import CodeKey, is_code_signed

BODY = b"#!/usr/bin/env python3\n"


@pytest.fixture(scope="module")
def key() -> CodeKey:
    return CodeKey.make()


def numbers(text: str, *widths: int) -> list[int]:
    """The numbers of a text in BOINC's form, read without the code under test."""
    digits = "".join(text.split("\n")[1:-2])
    found, start = [], 0
    for width in widths:
        found.append(int(digits[start : start + 2 * width], 16))
        start += 2 * width
    assert start == len(digits)
    return found


def test_keys_are_numbers_in_lines_of_64_digits(key, tmp_path):
    first, *lines, dot, end = key.public_text.split("\n")
    assert first == "1024"
    assert dot == "."
    assert end == ""
    assert [len(line) for line in lines] == [64] * 8
    modulus, exponent = numbers(key.public_text, 128, 128)
    assert (modulus.bit_length(), exponent) == (1024, 65_537)
    key.save(tmp_path / "code.key")
    n, e, d, p, q, dp, dq, inverse = numbers((tmp_path / "code.key").read_text(), 128, 128, 128, 64, 64, 64, 64, 64)
    assert n == modulus
    assert e == exponent
    assert p * q == modulus
    assert pow(pow(1234567, e, n), d, n) == 1234567
    assert dp == d % (p - 1)
    assert dq == d % (q - 1)
    assert inverse * q % p == 1


def test_a_signature_is_a_padded_digest_in_lines_of_64_digits(key):
    modulus, exponent = numbers(key.public_text, 128, 128)
    *lines, dot, end = key.sign_file(BODY).split("\n")
    assert dot == "."
    assert end == ""
    assert [len(line) for line in lines] == [64] * 4
    padded = pow(int("".join(lines), 16), exponent, modulus).to_bytes(128, "big")
    md5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
    assert padded == b"\0\1" + b"\xff" * (128 - 3 - 32) + b"\0" + md5.encode()
    assert key.sign_digest(md5) == key.sign_file(BODY)  # of a file that is too large to hold


def test_a_signature_is_of_this_file_by_this_key_and_a_saved_one_signs_as_before(key, tmp_path):
    signature = key.sign_file(BODY)
    assert is_code_signed(BODY, signature, key.public_text)
    assert is_code_signed(BODY, "\r\n " + signature.replace("\n", " \r\n"), key.public_text.replace("\n", "\r\n"))
    assert not is_code_signed(BODY + b" ", signature, key.public_text)
    assert not is_code_signed(BODY, signature, CodeKey.make().public_text)
    for old, new in ((".", ""), (".", "0"), ("\n", "\n\n"), ("\n", "g\n")):
        assert not is_code_signed(BODY, signature.replace(old, new, 1), key.public_text)
    for place in (0, 30, 63, 65, 200, len(signature) - 4):
        digit = "1" if signature[place] == "0" else "0"
        assert not is_code_signed(BODY, signature[:place] + digit + signature[place + 1 :], key.public_text)
    key.save(tmp_path / "code.key")
    assert (tmp_path / "code.key").stat().st_mode & 0o777 == 0o600
    loaded = CodeKey.load(tmp_path / "code.key")
    assert (loaded.public_text, loaded.sign_file(BODY)) == (key.public_text, key.sign_file(BODY))
    with pytest.raises(FileExistsError):
        CodeKey.make().save(tmp_path / "code.key")


@settings(max_examples=20)
@given(text=st.text())
def test_any_text_as_signature_or_key_is_just_not_valid(text, key):
    assert not is_code_signed(BODY, text, key.public_text)
    assert not is_code_signed(BODY, key.sign_file(BODY), text)


def with_a_wrong_digit(text: str) -> str:
    lines = text.split("\n")
    lines[10] = lines[10][:-1] + ("0" if lines[10][-1] != "0" else "1")  # in the private exponent
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (lambda path: path.unlink(), "read"),
        (lambda path: path.chmod(0o644), "open to others"),
        (lambda path: path.write_text(path.read_text()[:-100]), "damaged"),
        (lambda path: path.write_text(path.read_text().replace("1024", "2048", 1)), "damaged"),
        (lambda path: path.write_text("1024\n" + "0" * 1408 + "\n.\n"), "damaged"),
        (lambda path: path.write_bytes(b"\xff"), "damaged"),
        (lambda path: path.write_text("1024\nxyz\n.\n"), "damaged"),
        (lambda path: path.write_text(with_a_wrong_digit(path.read_text())), "damaged"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused(key, tmp_path, change, fact):
    path = tmp_path / "code.key"
    key.save(path)
    change(path)
    with pytest.raises(KeysUnusable, match=fact):
        CodeKey.load(path)

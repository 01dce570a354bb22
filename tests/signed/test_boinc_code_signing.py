"""BOINC's code signature, against arithmetic of our own."""

import hashlib

import pytest
from hypothesis import given
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


def test_a_public_key_is_modulus_and_exponent_in_lines_of_64_digits(key):
    first, *lines, dot, end = key.public_text.split("\n")
    assert (first, dot, end) == ("1024", ".", "")
    assert [len(line) for line in lines] == [64] * 8
    modulus, exponent = numbers(key.public_text, 128, 128)
    assert modulus.bit_length() == 1024
    assert exponent == 65_537


def test_a_private_key_is_eight_numbers_that_belong_together(key, tmp_path):
    key.save(tmp_path / "code.key")
    text = (tmp_path / "code.key").read_text()
    n, e, d, p, q, dp, dq, inverse = numbers(text, 128, 128, 128, 64, 64, 64, 64, 64)
    assert p * q == n
    assert pow(pow(1234567, e, n), d, n) == 1234567
    assert (dp, dq) == (d % (p - 1), d % (q - 1))
    assert inverse * q % p == 1


def test_a_signature_is_the_padded_hex_of_the_md5_under_the_private_exponent(key):
    *lines, dot, end = key.sign_file(BODY).split("\n")
    assert (dot, end) == (".", "")
    assert [len(line) for line in lines] == [64] * 4
    modulus, exponent = numbers(key.public_text, 128, 128)
    padded = pow(int("".join(lines), 16), exponent, modulus).to_bytes(128, "big")
    md5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest().encode()
    assert padded == b"\0\1" + b"\xff" * (128 - 3 - 32) + b"\0" + md5


def test_a_file_too_large_to_hold_is_signed_by_its_digest(key):
    digest = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
    assert key.sign_digest(digest) == key.sign_file(BODY)


def test_a_signature_is_of_this_file_by_this_key(key):
    signature = key.sign_file(BODY)
    assert is_code_signed(BODY, signature, key.public_text)
    assert not is_code_signed(BODY + b" ", signature, key.public_text)
    assert not is_code_signed(BODY, signature, CodeKey.make().public_text)


def test_blanks_and_ends_of_line_of_another_system_do_not_matter(key):
    signature = key.sign_file(BODY)
    assert is_code_signed(BODY, "\r\n " + signature.replace("\n", " \r\n"), key.public_text.replace("\n", "\r\n"))


@pytest.mark.parametrize(("old", "new"), [(".", ""), (".", "0"), ("\n", "\n\n"), ("\n", "g\n")])
def test_a_signature_in_another_form_is_none(key, old, new):
    assert not is_code_signed(BODY, key.sign_file(BODY).replace(old, new, 1), key.public_text)


@given(data=st.data())
def test_no_digit_of_a_signature_can_be_changed(data, key):
    signature = key.sign_file(BODY)
    place = data.draw(st.integers(0, len(signature) - 1).filter(lambda at: signature[at] not in ".\n"))
    digit = data.draw(st.sampled_from("0123456789abcdef").filter(lambda other: other != signature[place]))
    assert not is_code_signed(BODY, signature[:place] + digit + signature[place + 1 :], key.public_text)


@given(text=st.text())
def test_any_text_as_signature_or_key_is_just_not_valid(text, key):
    assert not is_code_signed(BODY, text, key.public_text)
    assert not is_code_signed(BODY, key.sign_file(BODY), text)


def test_a_saved_key_signs_as_before_and_is_nobody_else_s(key, tmp_path):
    path = tmp_path / "code.key"
    key.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    loaded = CodeKey.load(path)
    assert loaded.public_text == key.public_text
    assert loaded.sign_file(BODY) == key.sign_file(BODY)
    with pytest.raises(FileExistsError):
        CodeKey.make().save(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.chmod(0o644), "open to others"),
        (lambda path: path.write_text(path.read_text()[:-100]), "is damaged"),
        (lambda path: path.write_text(path.read_text().replace("1024", "2048", 1)), "is damaged"),
        (lambda path: path.write_text("1024\n" + "0" * 1408 + "\n.\n"), "is damaged"),
        (lambda path: path.write_bytes(b"\xff"), "is damaged"),
        (lambda path: path.write_text("1024\nxyz\n.\n"), "is damaged"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_in_words(key, tmp_path, change, words):
    path = tmp_path / "code.key"
    key.save(path)
    change(path)
    with pytest.raises(KeysUnusable, match=words):
        CodeKey.load(path)


def test_a_key_with_one_wrong_number_is_refused(key, tmp_path):
    path = tmp_path / "code.key"
    key.save(path)
    lines = path.read_text().split("\n")
    lines[10] = lines[10][:-1] + ("0" if lines[10][-1] != "0" else "1")  # in the private exponent
    path.write_text("\n".join(lines))
    with pytest.raises(KeysUnusable, match="is damaged"):
        CodeKey.load(path)

"""Clients keep the code-signing key that they were told first; another one they take on the word of that one alone."""

from dataclasses import replace

from axiom.signed.boinc_code_signing import CodeKey, is_code_signed, sign_change


def test_a_client_with_the_key_of_before_is_told_the_new_one_signed_by_it(exchange, attic):
    exchange.call(attic)
    before, fresh = exchange.secrets.code, CodeKey.make()
    after = before.followed_by(sign_change(before.key, fresh.public_text))
    exchange.project = replace(exchange.project, code=after)
    held = f"<code_sign_key>\n{before.public_text.strip()}\n</code_sign_key>\n"
    heard = exchange.call(attic, inside=held)
    told, signature = (heard.root.findtext(name) for name in ("code_sign_key", "code_sign_key_signature"))
    assert told.strip() == fresh.public_text.strip()
    assert is_code_signed(told.strip().encode(), signature, before.public_text)


def test_a_client_with_the_key_of_today_or_a_new_one_is_told_no_signature(exchange, attic):
    code = exchange.secrets.code
    first = exchange.call(attic)
    assert first.root.findtext("code_sign_key").strip() == code.public_text.strip()
    again = exchange.call(attic, inside=f"<code_sign_key>\n{code.public_text.strip()}\n</code_sign_key>\n")
    assert again.root.findtext("code_sign_key") is None
    assert [heard.root.findtext("code_sign_key_signature") for heard in (first, again)] == [None, None]

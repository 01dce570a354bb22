"""Is this password good enough? Its length counts, not which characters it has; what everybody tries first is refused.

There is no list from elsewhere. What people choose when they do not choose is a pattern: a walk over the keyboard, a
count, a repetition, or one of a few words with a number behind it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from axiom.limits import accounts as limits
from axiom.locale.languages import mark

_SHORTEST_WALK = 3
_SHORTEST_KNOWN = 4  # a shorter name is in too many passwords by chance
_OWN_PART = 5  # so many characters must be the volunteer's idea

_ROWS = (
    *(
        "1234567890",
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "qwertzuiop",
        "yxcvbnm",
        "azertyuiop",
        "qsdfghjklm",
        "wxcvbn",
    ),
    *("01234567890", "abcdefghijklmnopqrstuvwxyz", "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "!qaz"),
    *(
        "@wsx",
        "#edc",
        "$rfv",
        "zaq1",
        "xsw2",
        "cde3",
        "vfr4",
        "bgt5",
        "nhy6",
        "mju7",
        "147258369",
        "159357",
        "741852963",
    ),
    *("!@#$%^&*()", "qazwsxedcrfvtgbyhnujm", "zaqxswcdevfrbgtnhymju", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0"),
)
_WALKS = _ROWS + tuple(row[::-1] for row in _ROWS)
_PLAIN = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_LISTED = """
password passwort passwd pass passphrase parola motdepasse contrasena senha wachtwoord geheim secret secure security
private letmein letmeinnow openup opensesame welcome willkommen bienvenue hello hallo hola goodbye iloveyou loveyou
iloveu loveme lovely lover love forever together whatever nothing something anything everything someone nobody
admin administrator root toor guest login logon signin user username owner master default changeme changeit temp
temporary testing test tester demo example sample system server computer internet network windows linux ubuntu
debian apple android google facebook twitter youtube microsoft samsung nintendo playstation pokemon starwars
minecraft batman superman spiderman hacker matrix ninja dragon monkey tiger lion eagle panther falcon phoenix wolf
horse kitten puppy butterfly dolphin chicken elephant turtle shadow sunshine rainbow moonlight midnight summer
winter spring autumn monday tuesday wednesday thursday friday saturday sunday january february march april june july
august september october november december princess prince queen king angel angels babygirl babyboy baby beautiful
gorgeous sweetheart sweetie honey sugar chocolate cookie cheese banana orange strawberry pepper ginger cherry
flower rose purple yellow silver golden diamond crystal football baseball basketball soccer hockey tennis
liverpool chelsea arsenal barcelona juventus manchester lakers yankees cowboys steelers mustang corvette ferrari
porsche mercedes toyota harley jordan michael michelle jennifer jessica ashley amanda nicole daniel andrew joshua
matthew robert thomas charlie george william alexander anthony patrick samantha elizabeth victoria christian
jesus christ heaven blessed freedom liberty america canada england germany france london paris berlin trustno
qwerty azerty qwertz asdf zxcvbn abcdef abc access success winner champion killer warrior hunter ranger soldier
knight wizard magic mystery unknown trustme believe peace happy lucky sunny funny crazy fuckyou fuckoff asshole
bullshit blahblah boinc axiom volunteer science laboratory
"""
_WORDS = frozenset(_LISTED.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordVerdict:
    """Whether a password may be used, and if not, what is wrong with it."""

    is_good: bool
    reason: str


def judge(password: str, own_words: Iterable[str] = ()) -> PasswordVerdict:
    """Decide whether a password may be used by somebody about whom these words are known: name, address and so on."""
    if len(password) < limits.SHORTEST_PASSWORD:
        reason = f"The password has {len(password)} characters; it needs at least {limits.SHORTEST_PASSWORD}."
    elif len(password) > limits.LONGEST_PASSWORD:
        reason = f"The password has {len(password)} characters; at most {limits.LONGEST_PASSWORD} are taken."
    elif _is_pattern(password.casefold()):
        reason = mark(
            "The password follows a pattern, as a row of keys or a count does, and is among the first to be tried."
        )
    elif _is_common(password.casefold()):
        reason = mark("The password is a word that many people choose, and so among the first to be tried.")
    elif _is_known(password.casefold(), own_words):
        reason = mark("The password is little more than your name or address.")
    else:
        return PasswordVerdict(is_good=True, reason="long enough, and no pattern that is tried first")
    return PasswordVerdict(is_good=False, reason=reason)


def _is_pattern(text: str) -> bool:
    """Hardly any different characters, something said twice or more, or nothing but walks."""
    if len(set(text)) <= 2:
        return True
    repeats = any(
        len(text) % size == 0 and text == text[:size] * (len(text) // size) for size in range(1, len(text) // 2 + 1)
    )
    return (repeats and len(text) < 3 * limits.SHORTEST_PASSWORD) or _is_walked(text)


def _is_walked(text: str) -> bool:
    """Can the text be cut into walks over the keyboard, counts and repetitions of one character?"""
    reached = [True] + [False] * len(text)
    for start in range(len(text)):
        if not reached[start]:
            continue
        for end in range(start + _SHORTEST_WALK, len(text) + 1):
            piece = text[start:end]
            if len(set(piece)) != 1 and not any(piece in walk for walk in _WALKS):
                break
            reached[end] = True
    return reached[-1]


def _is_common(text: str) -> bool:
    """A well-known word, or two, with digits and signs around it or in the place of letters."""
    inner = text.strip("".join({character for character in text if not character.isalpha()}))
    for tried in (text, text.translate(_PLAIN), inner.translate(_PLAIN)):
        bare = "".join(letter for letter in tried if letter.isalpha())
        if bare in _WORDS or any(bare[:cut] in _WORDS and bare[cut:] in _WORDS for cut in range(3, len(bare) - 2)):
            return len(text) - len(bare) < _OWN_PART
    return False


def _is_known(text: str, own_words: Iterable[str]) -> bool:
    """What is left when the words that everybody knows of this volunteer are taken away is too little."""
    for word in sorted((own_word.casefold() for own_word in own_words), key=len, reverse=True):
        if len(word) >= _SHORTEST_KNOWN:
            text = text.replace(word, "")
    return len(text) < _OWN_PART

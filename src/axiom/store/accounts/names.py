"""Names of volunteers and teams: two that nobody could tell apart are one name."""

import itertools
import json
import unicodedata
from collections.abc import Iterable

from axiom.limits import accounts as limits
from axiom.store.engine.database import Database, Row

_ROOM = len(" (9999999)")  # for a number, in a name as long as names may be
# What looks like a letter, digit or sign of ASCII, in lower case, after Unicode's list (UTS 39). Where the cases of one
# look like different ones, its capital counts (Ν and ν are n). I, l and 1 are one, since i and I are.
_ALIKE = {
    "'": "ʹʻʼʽʾˈˊˋ˴՚՝ᑊᛌ‘’‛′‵ꞌ𖽑𖽒",
    "-": "˗‐‒–⁃−➖ⲻ",
    ".": "۰ꓸ꘎𝅭",
    "2": "ƨϩᒿꙅꛯꝛ",
    "3": "ȝɜʒзӡⳍꝫ𑣊𖼻𝈆",
    "4": "Ꮞ𑣏",
    "5": "ƽ𑣛",
    "6": "бᏮⳓ",
    "7": "𐓺𝈒",
    "8": "ȣ৪੪ଃ𐌚",
    "9": "৭੧୨൭ⳋꝯ𑣌𑣖",
    "a": "ɑαаᎪᗅᴀ⍺ꓮ𐊠𖽀",
    "b": "ƅʙβвьᏏᏴᑲᖯᗷꓐꞵ𐊂𐊡𐌁",
    "c": "сᏟᴄⲥꓚ𐊢𐌂𐐽𐔜𑣩𑣲🝌",
    "d": "ԁᎠᏧᑯᗞᗪᴅꓒꓓ",
    "e": "εеҽᎬᴇ℮⋿ⴹꓰꬲ𐊆𑣆𑣎",
    "f": "ϝքᖴẝꓝꜰꞙꬵ𐊇𐊥𐔥𑣂𝈓",
    "g": "ƍɡɢԍցᏀᏳᶃꓖ",
    "h": "ʜηнһհᎻᏂᕼⲏꓧ𐋏",
    "j": "ʝϳјᎫᒍᴊꓙ",
    "k": "κкᏦᛕᴋⲕꓗ𐔘",
    "l": "1i|ıǀɩɪʟιіӏ۱ᎥᏞᒪᛁ∣⍳⏽ⲓⳑⵏꓡꓲꙇ𐊊𐌉𐌠𐑃𐔦𑣃𑣒𖼖𖼨𝈪",
    "n": "ɴνոռⲛꓠ𐔓",
    "o": "0οσоօ۵०০੦૦ଠ୦௦ం౦ಂ೦ംഠ൦ං๐໐ဝ၀ჿዐᴏᴑⲟⵔ〇ꓳꬽ𐊒𐊫𐐬𐓪𐔖𑓐𑣈𑣕𑣗𑣠",
    "p": "ρрᏢᑭᴘ⍴ⲣꓑ𐊕",
    "q": "ԛգզⵕꞯ",
    "r": "ʀгᎡᎱᏒᖇᴦⲅꓣꭇꭈ𐓜𖼵𝈖",
    "s": "ѕտᏕᏚꓢꜱ𐊖𐑈𑣁𖼺",
    "t": "τтᎢᴛ⊤⟙ⲧꓔ𐊗𐊱𐌕𑣜𖼊🝨",
    "u": "ʋսሀᑌᴜ∪⋃ꓴꞟꭎꭒ𐓶𑣘𖽂",
    "v": "ѵ۷Ꮩᐯᴠ∨⋁ⴸꓦꛟ𐔝𑜆𑣀𖼈𝈍",
    "w": "ɯѡԝաᎳᏔᴡꓪ𑜊𑜎𑜏𑣦𑣯",
    "x": "×χхᕁᕽ᙭᙮ᚷ╳⤫⤬⨯ⲭⵝꓫꭓ𐊐𐊴𐌗𐌢𐔧𑣬",
    "y": "ɣʏγυуүყᎩᎽᶌỿⲩꓬꭚ𐊲𑣄𖽃",
    "z": "ζᏃᴢꓜ𐋵𑣉𑣥",
    "rn": "mμϻмᎷᗰᛖᴍⲙꓟ𐊰𐌑",
}
_DOT, _BLANK = "\u0307", "\U0001d159"
_FIRST_MARK, _LAST_MARK = "\u0300", "\u036f"  # of Latin letters, such as accents
_AS_ASCII = str.maketrans({sign: plain for plain, signs in _ALIKE.items() for sign in signs})

_TAKEN = """
SELECT look FROM volunteer WHERE id <> :besides AND (look = :look OR (look >= :numbered AND look < :beyond))
"""


def fold_name(name: str) -> str:
    """Give what is the same for names that differ in case or look alone, and is shown to nobody."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    seen = list[str]()
    for letter in letters:
        if not _is_unseen(letter, behind=seen[-1] if seen else ""):
            seen.append(letter)
    return "".join(seen).translate(_AS_ASCII)


def _is_unseen(sign: str, behind: str) -> bool:
    """Does nobody see this sign: the dot on an i, or a mark of another script behind a Latin letter?"""
    if sign == _DOT:
        return behind in {"i", "j"}
    is_foreign_mark = unicodedata.category(sign) in {"Mn", "Me"} and not _FIRST_MARK <= sign <= _LAST_MARK
    return sign == _BLANK or (is_foreign_mark and behind.isascii())


def find_free_name(db: Database, name: str, *, besides: int = 0) -> str:
    """The name, or the name with the first number that makes it nobody else's: names are not for posing as others.

    A numbered name is cut so that it is no longer than a name may be.
    """
    stem = name[: limits.NAME_CHARACTERS - _ROOM].rstrip()
    numbered = fold_name(f"{stem} (")
    beyond = numbered[:-1] + chr(ord("(") + 1)
    look = fold_name(name)
    taken = set(db.column(str, _TAKEN, besides=besides, look=look, numbered=numbered, beyond=beyond))
    if look not in taken:
        return name
    # Of a candidate only the number is left to fold: to fold the names of thousands whole takes the writer's time.
    free = (number for number in itertools.count(2) if f"{numbered}{number})".translate(_AS_ASCII) not in taken)
    return f"{stem} ({next(free)})"


def write_looks(rows: Iterable[Row]) -> str:
    """The look of each row's name, by its number, as JSON: for a migration, since SQL cannot compute it."""
    return json.dumps({row["id"]: fold_name(row["name"]) for row in rows})

"""What a volunteer agrees to, in words that the BOINC Manager shows before it attaches, and the site on a page."""

from axiom.locale.languages import gettext, mark

TERMS = (
    mark(
        "Your computer works for free. The results, and everything that is found with them, are public under the "
        "licence CC BY 4.0: anybody may use them who says where they are from."
    ),
    mark(
        "The laboratory uses your computer only to compute experiments. The program that runs is signed, obeys "
        "only orders that the laboratory has signed, opens no connection of its own, and reads nothing outside "
        "the folders that BOINC gives it."
    ),
    mark(
        "You may pause, stop or leave at any moment, and need to tell nobody. Let it run only on computers that "
        "are yours, or whose owner allows it. Computing uses electricity and warms a computer; BOINC's "
        "preferences say when and how much."
    ),
    mark(
        "The name that you choose, your credit and your team are public. Your e-mail address and the names of "
        "your computers are not. You may take all that is stored about you away as a file, and erase it, on your "
        "account page."
    ),
    mark("Credit says how much your computers have done. It cannot be sold, and has no value in money."),
    mark(
        "The program comes as it is, without a warranty. Nobody promises that the laboratory stays, or that it "
        "has work."
    ),
    mark(
        "Be fair: results that were made up are found out and not counted, and whoever keeps sending them is let "
        "in no more."
    ),
)


def terms_text() -> str:
    return "\n\n".join(gettext(paragraph) for paragraph in TERMS)

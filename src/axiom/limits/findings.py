"""How many findings are compared, ranked and shown."""

NEAREST_SHOWN = 5  # earlier findings, beside a claim
OTHER_WORDS = 0.6  # a claim about the same factors with a larger share of other words is another claim
WORDS_NAMED = 6  # as different
RANKED = 100  # whose surprise is measured: the values of each have to be read
COMPARED = 500  # decided findings with which a new one is compared
IN_A_PAPER = 20
HOME_FINDINGS = 6  # on the front page
HOME_QUESTIONS = 6  # there
HOME_TELLING = 3  # answers in large letters there
HOME_TELLING_AMONG = 12  # findings that are looked at for these, the surest and newest first

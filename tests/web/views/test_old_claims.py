"""What became of the claims of an earlier laboratory, as its page tells it."""

import html
import re
from collections import Counter


def test_earlier_claims_are_told_in_words_and_each_is_counted_once(site_of):
    page = site_of.get("/old-claims").text
    words = re.sub(r"<[^>]*>", "", page)
    claims = site_of.get("/old-claims.json").json["claims"]
    tests = [test for claim in claims for test in claim["tests"]]
    assert [test["estimand"] for test in tests if "_" in test["estimand"] and test["estimand"] in words] == []
    assert [test["number"] for test in tests if test["answer"] and test["number"] not in words] == []
    amounts = Counter(claim["became"] for claim in claims)
    assert f"{amounts['undecided']} of the others have all planned seeds" in words
    assert f"{amounts['not yet']} wait for seeds" in words
    unfolded = re.sub(r"(?s)<details>.*?</details>", "", page)
    told = {test["answer"] for claim in claims for test in claim["tests"] if test["part"].endswith("or it")}
    assert [answer for answer in told if html.escape(answer, quote=False) not in unfolded.replace("&#39;", "'")] == []
    assert [
        title for title in re.findall(r"<h3[^>]*>(.*?)</h3>", page) if not title.startswith("They claimed: “")
    ] == []

"""What might be asked next, for people and for programs."""


def test_open_proposals_come_first_with_what_they_cost_and_tell(site_of):
    (row,) = site_of.get("/proposals.json").json["proposals"]
    assert (row["number"], row["state"], row["template"], row["finding"]) == (1, "open", "extremes", 1)
    assert (row["core_hours"], row["bits"]) == (0.0267, 1.05)
    page = site_of.get("/proposals")
    assert 'href="/proposals/1"' in page.text
    assert 'href="/findings/1"' in page.text


def test_a_proposal_says_all_that_a_registration_would(site_of):
    answer = site_of.get("/proposals/1.json").json
    assert answer["ends"].startswith("ends when each finding is decided")
    said = answer["proposal"]
    assert said["prediction"]["interval"] == [0.5, 2.0]
    assert said["configs"] == [{"size": 9}, {"size": 1}]
    page = site_of.get("/proposals/1").text
    for sentence in ("It reaches to the ends.", "Nothing is to be seen there.", "It turns round.", "0.75", "size"):
        assert sentence in page


def test_what_somebody_wrote_stays_text(site_of):
    for address in ("/proposals", "/proposals/1"):
        page = site_of.get(address).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


def test_a_new_laboratory_has_none(empty_site):
    assert empty_site.get("/proposals.json").json == {"proposals": []}
    assert empty_site.get("/proposals").status == 200

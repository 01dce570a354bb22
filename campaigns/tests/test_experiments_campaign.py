"""The campaign that draws the catalogue: its page lists each picture that is there, and names what is not drawn."""

import experiments as campaign


def test_the_page_shows_every_picture_that_exists_and_names_the_other_experiments(monkeypatch, tmp_path):
    monkeypatch.setattr(campaign, "GALLERY", tmp_path)
    for name in ("light.svg", "heavy.png", "heavy.md", "retired.svg"):
        (tmp_path / name).touch()
    text = campaign.index(["heavy", "light", "missing"])
    assert [line for line in text.splitlines() if line.startswith("![")] == [
        "![heavy](heavy.png)",
        "![light](light.svg)",
    ]
    assert "2 of the 3" in text
    assert "missing" in text
    assert "retired" not in text

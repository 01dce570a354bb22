"""The page of what the laboratory is doing."""


def test_versions_of_which_no_task_was_made_are_folded(browse, small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.deploy()
    small_lab.publish(prepared(version=2))
    page = browse(small_lab).get("/status").text
    table, fold = page.split("<details>")
    assert "/experiments/tiny_sum@1" in table
    assert "/experiments/tiny_sum@2" not in table
    assert "/experiments/tiny_sum@2" in fold.split("</details>")[0]


def test_an_autopilot_that_does_not_run_is_named_where_one_watches(browse, small_lab):
    down = {"ended": 3, "again_at": small_lab.now.isoformat()}
    site = browse(small_lab, parts={"writer": True, "autopilot": False}, autopilot=down)
    told = site.get("/live.json").json["live"]
    assert (told["parts"]["autopilot"], told["autopilot"]) == (False, down)
    for address in ("/live", "/status"):
        assert "3 times" in site.get(address).text

"""The page of what the laboratory is doing."""


def test_versions_of_which_no_task_was_made_are_folded(browse, small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.deploy()
    small_lab.publish(prepared(version=2))
    page = browse(small_lab).get("/status").text
    table, fold = page.split("<details>")
    assert ("/experiments/tiny_sum@1" in table, "/experiments/tiny_sum@2" in table) == (True, False)
    assert "/experiments/tiny_sum@2" in fold.split("</details>")[0]

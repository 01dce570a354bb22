"""The page of an experiment says how far it is let out, since when and why, and who decided what."""

from axiom.lab.experiments import releases
from axiom.store.experiments import experiments


def test_the_page_shows_the_stage_and_who_did_what_when(browse, small_lab, prepared):
    small_lab.lets_out = False
    small_lab.publish(prepared())
    small_lab.host(cores=8)
    small_lab.deploy(workunits=5)
    reader, path = browse(small_lab), "/experiments/tiny_sum@1"
    reader.app._fresh = 0.0  # so that each page is made new

    def found():
        return reader.get(f"{path}.json").json["experiment"]["release"]

    assert (found()["stage"], found()["since"], found()["history"]) == ("pilot", small_lab.now.isoformat(), [])
    orders = [small_lab.order(1) for _ in range(3)]
    assert (found()["out"], found()["well"]) == (3, 0)
    for order in orders:
        small_lab.report(order, small_lab.output(order))
    small_lab.validate()
    assert (found()["stage"], found()["out"], found()["well"]) == ("wider pilot", 0, 3)
    small_lab.later(minutes=5)
    with small_lab.db.transaction():
        releases.settle(small_lab.db, small_lab.now)
        stored = experiments.by_id(small_lab.db, 1)
        releases.approve(small_lab.db, stored, reason="read <it>", by="Ada", now=small_lab.now)
    assert (found()["since"], found()["approved_by"]) == (small_lab.now.isoformat(), "Ada")
    with small_lab.db.transaction():
        kind = "linux-x86_64-none"
        releases.pause(small_lab.db, stored, platform=kind, reason="wrong sums", by="Ben", now=small_lab.now)
    page = reader.get(path).text
    assert "Approved for volunteers by Ada" in page
    assert "Held back on linux-x86_64-none by Ben: wrong sums." in page
    assert "read &lt;it&gt;" in page
    with small_lab.db.transaction():
        releases.pause(small_lab.db, stored, platform="", reason="too warm", by="Ben", now=small_lab.now)
    assert (found()["stage"], found()["reason"]) == ("paused", "Ben paused it: too warm")

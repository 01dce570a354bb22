"""News that go to the clients as well: to whom, and to whom no more once they were taken back."""

from furnished_lab import fill

from axiom.commands.news import AddNews, WithdrawNews
from axiom.store.hosts import notices
from axiom.store.hosts.hosts import hosts

LINE = "The server moves on Saturday."


def test_news_reach_the_clients_of_volunteers_until_they_are_withdrawn(small_lab, prepared):
    lab = small_lab
    fill(lab, prepared)
    rows = lab.db.select("SELECT h.id FROM host h JOIN volunteer v ON v.id = h.volunteer_id WHERE v.is_ours = 0")
    first, *others = volunteers = sorted(row["id"] for row in rows)

    def do(command):
        with lab.db.transaction():
            return command.apply(lab.db, None, None, lab.now)

    def shown(host: int) -> list:
        return [notice for notice in notices.shown(lab.db, host, lab.now) if notice.text == LINE]

    def told() -> list[int]:
        return [host.id for host in hosts(lab.db) if shown(host.id)]

    assert (do(AddNews(line=LINE))["hosts_told"], told()) == (0, [])
    assert do(AddNews(line=LINE, to_hosts=True))["hosts_told"] == len(volunteers) > 1
    assert told() == volunteers
    assert 1 not in volunteers  # the laboratory's own
    with lab.db.transaction():
        notices.told(lab.db, [notice.id for notice in shown(first)], lab.now)
    assert do(WithdrawNews(number=2))["untold"] == len(others)
    assert told() == [first], "for a day it stays where it was shown already"
    lab.later(days=61)  # whoever was silent for months is not told later
    assert do(AddNews(line=LINE, to_hosts=True))["hosts_told"] == 0

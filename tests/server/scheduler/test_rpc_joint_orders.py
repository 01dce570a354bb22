"""Orders of one reply share a signature where whoever computes reads such orders."""

from fake_builds import build
from scheduler_calls import LINUX, Client

from axiom.lab.runners.offer import Offers

OWN = (
    "<app_versions><app_version><app_name>axiom</app_name><version_num>205</version_num>"
    f"<platform>{LINUX}</platform><avg_ncpus>1</avg_ncpus><flops>2e9</flops></app_version></app_versions>\n"
)


def test_orders_of_one_reply_share_a_signature(exchange, attic, tmp_path):
    exchange.deploy(4)
    offered = Offers(exchange.folder, exchange.secrets.code).built(build(tmp_path), exchange.lab.now)
    exchange.project.runners.update(offered)
    texts = [each.order.ticket for each in exchange.call(attic, ask=1e5).tasks.values()]
    assert len(texts) > 2
    assert {text.count(".") for text in texts} == {2}
    assert len({text.split(".")[1] for text in texts}) == 1


def test_orders_for_a_volunteer_s_own_program_have_signatures_of_their_own(exchange):
    exchange.deploy(4)
    own = Client(exchange.join().key, platform="anonymous")
    heard = exchange.call(own, ask=1e5, inside=OWN)
    assert len(heard.tasks) > 2
    assert {each.order.ticket.count(".") for each in heard.tasks.values()} == {1}

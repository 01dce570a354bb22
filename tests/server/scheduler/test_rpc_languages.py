"""What a client is told, in the language that it accepts."""

import threading

import pytest
from scheduler_calls import MASTER, Client, Exchange

NO_WORK = {
    "": "No work for this computer now: no work is waiting at the moment. Nothing is wrong with your computer.",
    "de": "Jetzt keine Arbeit für diesen Computer: im Moment wartet keine Arbeit. "
    "Mit Ihrem Computer ist alles in Ordnung.",
    "fr_FR": "Pas de travail pour cet ordinateur maintenant\u00a0: aucun travail n’attend pour le moment. "
    "Votre ordinateur va bien.",
    "ja": "No work for this computer now: no work is waiting at the moment. Nothing is wrong with your computer.",
}


@pytest.mark.parametrize("accepted", NO_WORK)
def test_a_client_hears_in_its_language_that_there_is_no_work(exchange, attic, accepted):
    exchange.call(attic, ask=1.0)
    heard = attic.hear(exchange.say(attic.words(ask=1.0), accepted))
    assert heard.words == [("low", NO_WORK[accepted])]
    stored = exchange.do(lambda db: db.one("SELECT why_no_work AS why FROM host WHERE id = 2")["why"])
    assert stored == "no work is waiting at the moment"


def test_a_reason_without_a_translation_stands_in_english_in_a_translated_sentence(exchange, ann):
    client = Client(ann.key, cpid="9" * 32, platform="vax-dec-vms")
    heard = client.hear(exchange.say(client.words(ask=1.0), "de"))
    assert heard.words == [("low", "Jetzt keine Arbeit für diesen Computer: there is no runner for vax-dec-vms yet.")]


def test_a_stranger_hears_in_their_language_what_to_do(exchange):
    ((priority, said),) = exchange.say(Client("0" * 32).words(ask=1.0), "de-CH, en;q=0.5").words
    assert (priority, said.startswith("Kein Konto hat hier diesen Kontoschlüssel.")) == ("notice", True)
    assert said.endswith(f"{MASTER}account")


def test_buttons_and_trouble_are_told_in_the_language(working_lab, secrets):
    exchange = Exchange(working_lab, secrets, max_waiting=1)
    client = Client(exchange.join().key)
    links = client.hear(exchange.say(client.words(), "de")).root.findall("gui_urls/gui_url")
    assert [link.findtext("name") for link in links] == ["Befunde", "Dieser Computer", "Sie"]
    go = threading.Event()
    held = exchange.writer.submit(lambda _: go.wait(20))
    while exchange.writer._queue.qsize():  # the writer has taken it
        threading.Event().wait(0.001)
    waiting = exchange.writer.submit(lambda _: None)
    busy = exchange.say(client.words(), "fr")
    go.set()
    held.result(20), waiting.result(20)
    assert busy.words == [("low", "Le laboratoire est occupé. Rien n’est perdu\u00a0; veuillez patienter.")]
    exchange.close()

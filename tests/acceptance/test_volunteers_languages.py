"""The stock client says in which language it wants to be told, and hears it."""

from boinc_client import client, register
from volunteer_lab import project


def test_a_client_in_german_hears_german(tmp_path):
    folder = tmp_path / "german"
    folder.mkdir()
    (folder / "client_state.xml").write_text("<client_state>\n<language>de_DE</language>\n</client_state>\n")
    with project(tmp_path / "lab") as lab:
        ann = register(lab.address)
        with client(folder, lab.address, ann.key, keep=True) as computer:
            computer.wait(lambda one: "Jetzt keine Arbeit für diesen Computer: " in one.log(), nudge=8)

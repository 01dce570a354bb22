"""What lies below a folder is told as it is, links and all, so that it can be compared with what was signed."""

from axiom.runner.files.trees import holds, write_tree

FILES = {"axiom/__init__.py": b"", "axiom/kit/one.py": b"x = 1\n"}


def test_what_was_written_is_held_and_a_link_and_a_further_file_are_seen(tmp_path):
    write_tree(tmp_path, FILES)
    assert holds(tmp_path) == FILES
    (tmp_path / "axiom" / "kit" / "one.py").unlink()
    (tmp_path / "axiom" / "kit" / "one.py").symlink_to(tmp_path / "axiom" / "__init__.py")
    (tmp_path / "more").write_bytes(b"y")
    assert holds(tmp_path) == {**FILES, "axiom/kit/one.py": None, "more": b"y"}

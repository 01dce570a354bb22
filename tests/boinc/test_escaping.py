import xml.etree.ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from axiom.boinc.escaping import escaped, in_ascii


@given(text=st.text())
@example(text="]]> & <b> \x00\x1b\ud800\ufffe")
def test_any_text_stands_between_two_tags(text):
    body = in_ascii(f"<a>{escaped(text)}</a>")
    root = ET.fromstring(body)
    assert body.isascii()
    assert len(root) == 0
    assert set(root.text or "") <= set(text) | {"\n"}  # XML reads every end of line as \n

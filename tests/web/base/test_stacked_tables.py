"""Each cell of a table says of which column it is, and nothing that a heading holds gets out of that label."""

from axiom.web.base.stacked_tables import label_cells

TABLE = (
    '<table><thead><tr><th scope="col"><a href="/x">Ada "&amp;" co</a></th><th>b</th></tr></thead>'
    '<tbody><tr><th scope="row">1</th><td class="num">2</td></tr><tr><td colspan="2">3</td></tr></tbody></table>'
)


def test_a_row_with_as_many_cells_as_headings_is_labelled_and_nothing_else():
    labelled = label_cells(f"<p><td>{TABLE}")
    assert '<th data-of="Ada &quot;&amp;&quot; co" scope="row">1' in labelled
    assert '<td data-of="b" class="num">2' in labelled
    assert '<td colspan="2">3' in labelled
    assert labelled.count("data-of") == 2

"""Programs that mean harm, by chance: nothing but what they may add is there afterwards, and nothing breaks."""

from hostile_tools import HostileTools


def test_hostile_sequences_have_no_effect_beyond_rights_and_limits(mcp_lab):
    hostile = HostileTools(lab=mcp_lab, seed=7)
    hostile.play(300)
    assert hostile.broken() == []
    assert hostile.said.total() == 3_000
    assert min(hostile.said[kind] for kind in ("answered", "WrongUse", "UnknownName", "NotAllowed", "Refused")) > 20

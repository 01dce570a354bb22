"""A power cut takes nothing that was acknowledged; and the campaign that says so can say otherwise."""

import pytest


@pytest.mark.parametrize(("arm", "finds"), [("JOURNAL", ""), ("FULL", ""), ("NORMAL", "lost"), ("OFF", "corrupt")])
def test_no_acknowledged_row_is_lost_to_a_power_cut_where_the_disk_is_waited_for(powerloss, arm, finds):
    tally = powerloss.campaign(images=8 if not finds else 10, seed=11, arm=arm)
    if finds:
        assert getattr(tally, finds) > 0
    else:
        assert (tally.images, tally.lost, tally.corrupt, tally.complaints) == (8, 0, 0, [])
        assert tally.acknowledged > 40
        assert tally.in_commit > 0


def test_a_torn_write_is_there_in_part(powerloss):
    history = powerloss.disks.History(synced=bytearray(b"0" * 64))
    history.pending = [(powerloss.disks.WRITE, 0, b"1" * 64)]
    images = [history.after_power_cut(powerloss.random.Random(seed)) for seed in range(200)]
    kinds = {"gone" if b"1" not in image else "there" if b"0" not in image else "torn" for image in images}
    assert kinds == {"gone", "there", "torn"}

"""Preferences of an old project, as its site wrote them and as people and programs may have spoilt them."""

import pytest

from axiom.domain.fleet import MOST_SHARE, PreferenceSets, ProjectPreferences
from axiom_adopt.old_preferences import UNREADABLE, OldPreferences, read_old_preferences

# What the site of server 8.3.0 writes for somebody with a set for work and one for school.
WRITTEN = """<project_preferences>
<resource_share>42</resource_share>
<no_cpu>0</no_cpu>
<no_ati>0</no_ati>
<no_cuda>0</no_cuda>
<allow_beta_work>0</allow_beta_work>
<project_specific>
<color_scheme>Tahiti Sunset</color_scheme>
<max_jobs>0</max_jobs>
</project_specific>
<venue name="work">
<resource_share>7</resource_share>
<no_cpu>0</no_cpu>
<no_ati>1</no_ati>
<no_cuda>1</no_cuda>
<allow_beta_work>1</allow_beta_work>
<project_specific>
<apps_selected>
<app_id>2</app_id>
<app_id>5</app_id>
</apps_selected>
<max_jobs>3</max_jobs>
</project_specific>
</venue>
<venue name="school">
<no_cpu>1</no_cpu>
</venue>
</project_preferences>
"""


def test_sets_by_venue_are_kept_and_what_nothing_heeds_is_named():
    old = read_old_preferences(WRITTEN)
    assert old.sets.general == ProjectPreferences(resource_share=42.0)
    at_work = ProjectPreferences(resource_share=7.0, on_gpus=False)
    at_school = ProjectPreferences(resource_share=42.0, on_cores=False)  # clients take the general share there, too
    assert old.sets.by_venue == {"work": at_work, "school": at_school}
    assert old.dropped == {"color_scheme", "allow_beta_work", "app_id", "max_jobs"}


def whole(inside: str) -> str:
    return f"<project_preferences>{inside}</project_preferences>"


@pytest.mark.parametrize(
    ("inside", "expected", "dropped"),
    [
        ("", ProjectPreferences(), set()),
        ("<no_cpu/>", ProjectPreferences(on_cores=False), set()),
        ("<project_specific><no_gpus>1</no_gpus></project_specific>", ProjectPreferences(on_gpus=False), set()),
        ("<no_rsc>NVIDIA</no_rsc><no_rsc>CPU</no_rsc>", ProjectPreferences(on_cores=False, on_gpus=False), set()),
        ("<no_cuda>1</no_cuda>", ProjectPreferences(on_gpus=False), set()),
        ("<no_ati> 1 </no_ati><no_intel_gpu>1</no_intel_gpu>", ProjectPreferences(), {"no_ati", "no_intel_gpu"}),
        ("<resource_share>0</resource_share>", ProjectPreferences(resource_share=0.0), set()),
        ("<resource_share>nan</resource_share>", ProjectPreferences(), set()),
        (
            "<resource_share>1e400</resource_share>",
            ProjectPreferences(resource_share=MOST_SHARE),
            {"resource_share"},
        ),
        ("<venue name='moon'><no_cpu>1</no_cpu></venue>", ProjectPreferences(), {"venue moon"}),
        ("<venue><no_cpu>1</no_cpu></venue>", ProjectPreferences(), {"venue unnamed"}),
        ("<graphics mode='2'>fast</graphics>", ProjectPreferences(), {"graphics"}),
    ],
)
def test_each_tag_that_the_old_server_knew(inside, expected, dropped):
    old = read_old_preferences(whole(inside))
    assert old == OldPreferences(sets=PreferenceSets(general=expected), dropped=frozenset(dropped))


def test_a_venue_written_by_hand_is_read_as_clients_read_it():
    old = read_old_preferences(whole("<venue preset='1' name='home' ><resource_share>9</resource_share></venue>"))
    assert old.sets.by_venue == {"home": ProjectPreferences(resource_share=9.0)}


CUT = WRITTEN[: len(WRITTEN) // 2]
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + whole("<resource_share>&b;</resource_share>")


@pytest.mark.parametrize("text", ["no XML", CUT, BOMB, "\ud800", "<" * 65_535, "<a" * 32_000])
def test_what_is_no_preferences_is_named_and_counts_as_nothing(text):
    assert read_old_preferences(text) == OldPreferences(sets=PreferenceSets(), dropped=frozenset({UNREADABLE}))


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_who_preferred_nothing_loses_nothing(text):
    assert read_old_preferences(text) == OldPreferences(sets=PreferenceSets())


FILLINGS = ("<", ">", "&a;", "\x00", "<venue ", "<venue name=", "<no_rsc>CPU", "<![CDATA[", "</venue>", "<x y='", "é<")


@pytest.mark.parametrize("filling", FILLINGS)
def test_64_kilobytes_of_anything_leave_what_stands_before_them(filling):
    text = whole("<resource_share>5</resource_share>" + filling * (65_000 // len(filling)))
    assert read_old_preferences(text).sets.general.resource_share == 5.0

"""What rules say of a task, as SQL: each stands here alone, in the words of its enums, for all queries that ask.

`t` is the task, `w` its workunit, `h` its host. A single state is no rule: queries name it, as the indexes do.
Columns are named by the values that they fill.
"""

from dataclasses import fields

from axiom.domain.failure_causes import Cause
from axiom.domain.fleet import KNOWN_SYSTEMS, OTHER_PLATFORM
from axiom.domain.work import BriefTask, Task, TaskState, WorkunitState
from axiom.store.engine.database import quote_words

BRIEF_TASK = ", ".join(f"t.{field.name}" for field in fields(BriefTask))
WHOLE_TASK = ", ".join(f"t.{field.name}" for field in fields(Task))
IS_ALIVE = f"t.state IN {quote_words(state for state in TaskState if state.is_alive)}"
IS_IN_VAIN = f"t.state IN {quote_words(state for state in TaskState if state.is_in_vain)}"
MAY_BE_THANKED = f"t.state IN {quote_words(state for state in TaskState if state.may_be_thanked)}"
# As `may_be_reported` in `rules/tasks/reports.py` has it.
MAY_BE_REPORTED = f"""(t.state IN {quote_words(state for state in TaskState if state.awaits_report)}
    OR (t.state = '{TaskState.ABORTED}' AND t.cause = '{Cause.TAKEN_BACK}' AND t.returned_at IS NULL))"""
WAS_TAKEN_BACK = f"""(t.state = '{TaskState.ABORTED}'
    AND (w.state = '{WorkunitState.CANCELLED}' OR t.cause = '{Cause.TAKEN_BACK}'))"""
# As `Platform.counted_as` has it.
PLATFORM = f"""CASE WHEN h.system IN {quote_words(KNOWN_SYSTEMS)} THEN h.system || '-' || h.processor || '-' ||
    CASE t.gpu WHEN '' THEN h.instructions ELSE lower(t.gpu) END ELSE '{OTHER_PLATFORM}' END"""

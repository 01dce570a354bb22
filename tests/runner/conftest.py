"""One small laboratory per test, as `runner_lab` makes it."""

from runner_lab import archive as archive
from runner_lab import archive_with_jax as archive_with_jax
from runner_lab import client as client
from runner_lab import ending as ending
from runner_lab import files as files
from runner_lab import keys as keys
from runner_lab import lab as lab
from runner_lab import lab_with_jax as lab_with_jax
from runner_lab import now as now
from runner_lab import obey as obey
from runner_lab import obey_anew as obey_anew
from runner_lab import pyz as pyz
from runner_lab import runner as runner
from runner_lab import strangers as strangers
from runner_lab import surroundings as surroundings

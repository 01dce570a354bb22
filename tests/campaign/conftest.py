"""The fixtures of tests that meet real parts, as tests/acceptance has them."""

from real_labs import browser as browser
from real_labs import built_runner as built_runner
from real_labs import page as page
from real_labs import quick as quick
from real_labs import runners as runners

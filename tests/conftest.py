"""Generated cases are the same in every run, so that a red test is the change's; other ones when asked for.

`OHMSUM_FUZZ=1 pytest` draws new cases, as one does by hand before a release.
"""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, database=None)
if "OHMSUM_FUZZ" not in os.environ:
    settings.load_profile("repeatable")

"""The question: what is asked of which network on which chip, in one value, and how it is answered.

`work` and `job` are the models; `records` lists their fields as people know them; `given` makes a Job from
flat names and values, as a command line, a suite, a sweep or a call gives them; `words` says names as each of
these does; `perform` finds the answer.
"""

from __future__ import annotations

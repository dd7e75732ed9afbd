"""The files of the three nights: which tool wrote each, with which headers, in which order."""

from __future__ import annotations

from sample_data.builder.first_night import FIRST
from sample_data.builder.second_night import SECOND
from sample_data.builder.third_night import THIRD

# By night, then by table. Nobody sent the notices on the second night, nor the requests on the first.
LAYOUTS = {1: FIRST, 2: SECOND, 3: THIRD}

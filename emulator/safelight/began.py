"""When this process began: the real time, read before a test can freeze or turn the clock.

What must not enter: anything else; the door of the pytest plugin loads it at every start.
"""

from __future__ import annotations

import time

BEGAN = time.time()
"""Seconds since the epoch."""

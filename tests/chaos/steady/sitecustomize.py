"""Sleep by a span: libfaketime 0.9.10 refuses to sleep until a moment of the monotonic clock.

This folder leads the path of processes whose clock is set; Python imports the module at its start.
"""

import select
import time


def _sleep(seconds: float) -> None:
    if seconds < 0:
        message = "sleep length must be non-negative"
        raise ValueError(message)
    select.select((), (), (), seconds)


time.sleep = _sleep

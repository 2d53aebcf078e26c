"""Wait until COUNT envelopes are stored, at most SECONDS; prints the offset of each key as JSON.

``python -m tests.chaos.arriving COUNT SECONDS``: a broker does not tell its senders where the house
has put what they sent.
"""

from __future__ import annotations

import json
import sys
import time

from zhizhi.config.boot import boot


def main() -> int:
    """Look every half second."""
    boot()

    from zhizhi.engine.models import InboxKey

    count, end = int(sys.argv[1]), time.monotonic() + float(sys.argv[2])
    while InboxKey.objects.count() < count and time.monotonic() < end:
        time.sleep(0.5)
    pairs = InboxKey.objects.values_list("key", "response")
    print(json.dumps({key: response["offset"] for key, response in pairs}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

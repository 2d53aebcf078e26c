"""Programs that look for weaknesses, run against a real installation on this machine's loopback.

``python -m tests.scanning`` scans the product, ``--canary`` a build with planted flaws; the parts
``tests.scanning.schemas`` and ``tests.scanning.slow_headers`` are trials of their own.
"""

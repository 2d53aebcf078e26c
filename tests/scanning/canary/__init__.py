"""The product with planted flaws, to see whether whoever looks for flaws would find any.

It lies outside the product's package, no command knows of it, and it cannot be imported without
its own flag, nor where the product is in production.
"""

from __future__ import annotations

import os

FLAG = "planted-flaws"


class CanaryForbidden(ImportError):
    """The canary build was about to start where nobody asked for planted flaws."""


if os.environ.get("CANARY") != FLAG or os.environ.get("ZHIZHI_MODE", "production") == "production":
    MESSAGE = f"The canary build has planted flaws: CANARY={FLAG} and a mode other than production."
    raise CanaryForbidden(MESSAGE)

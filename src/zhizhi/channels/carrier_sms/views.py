"""The operator's gateway reports here what became of each message."""

from __future__ import annotations

import json
import re
import time

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from zhizhi.channels import signing
from zhizhi.engine import delivering

MOST = 1000
CODE = re.compile(r"[a-z]+([-_.][a-z]+)*([-_.]?\d{1,3})?")  # no room for a number or a sentence


@csrf_exempt  # signed instead
@require_POST
def receipts(request: HttpRequest) -> JsonResponse:
    """Take ``{"receipts": [{"key", "status": "delivered" | "failed", "reason"}]}``; repeatable."""
    signed = signing.is_signed(
        settings.CARRIER_SECRET,
        request.body,
        timestamp=request.headers.get(signing.TIMESTAMP, ""),
        signature=request.headers.get(signing.SIGNATURE, ""),
        now=int(time.time()),
    )
    if not signed:
        return JsonResponse({"error": "the signature does not fit"}, status=401)
    try:
        rows = [
            (str(row["key"]), row["status"] == "delivered", code(str(row.get("reason", ""))))
            for row in json.loads(request.body)["receipts"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return JsonResponse({"error": "a list of receipts is wanted"}, status=400)
    if len(rows) > MOST:
        return JsonResponse({"error": f"at most {MOST} receipts at once"}, status=413)
    now = timezone.now()
    changed = sum(
        delivering.confirm(key, is_delivered=is_delivered, reason=reason, now=now)
        for key, is_delivered, reason in rows
        if key.isprintable()  # no other is ours, and a database refuses some of them
    )
    return JsonResponse({"changed": changed})


def code(reason: str) -> str:
    """Return the operator's reason when it is a code word; other words could name a person."""
    if not reason or (len(reason) <= 48 and CODE.fullmatch(reason)):
        return reason
    return "unnamed"

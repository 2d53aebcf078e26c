"""What may be taken out as a file: the queue as it is filtered."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from zhizhi.trust.scoping import Scope
from zhizhi.web.access import DESK_READERS, for_roles
from zhizhi.web.exporting import files
from zhizhi.web.exporting.queue_list import queue_listing
from zhizhi.web.queue import QueueFilter


@require_GET
@for_roles(*DESK_READERS)
def queue(request: HttpRequest, scope: Scope, form: str) -> HttpResponseBase:
    """Send every case of the queue that the address asks for, as CSV or as a workbook."""
    listing = queue_listing(scope, QueueFilter.of(request.GET), now=timezone.now())
    return files.send(request, listing, form)

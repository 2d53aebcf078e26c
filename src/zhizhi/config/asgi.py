"""The ASGI application that ``zhizhi web`` serves."""

from __future__ import annotations

from typing import Any

from zhizhi.config.boot import boot

boot()

from django.core.asgi import get_asgi_application  # noqa: E402 - Django must be set up first

from zhizhi.config.metrics.counting import counted  # noqa: E402
from zhizhi.config.securing import secured  # noqa: E402
from zhizhi.sources.door import close_door  # noqa: E402
from zhizhi.sources.http_push import asgi as observations  # noqa: E402
from zhizhi.web import desk_door, live  # noqa: E402

READING = ("GET", "HEAD", None)  # these change nothing; a websocket has no method

_django = get_asgi_application()


async def _application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Pass requests on; at the end, commit what was taken in and end the live streams.

    Observations do not pass through Django's middleware: they need their body as it arrives.
    """
    if observations.is_ours(scope):
        await observations.application(scope, receive, send)
        return
    if told := await desk_door.answer_for(scope):
        await desk_door.send_answer(told, send)
        return
    if scope["type"] != "lifespan":
        await _django(scope, receive, send)
        if scope.get("method") not in READING:
            live.wake()
        return
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            live.close_streams()
            desk_door.close_door()
            close_door()
            await send({"type": "lifespan.shutdown.complete"})
            return


application = counted(secured(_application))

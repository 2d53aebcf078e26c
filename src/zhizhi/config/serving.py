"""The web process: how it starts to serve and how it ends."""

from __future__ import annotations

import socket
from datetime import timedelta

import uvicorn

from zhizhi.web import live

APPLICATION = "zhizhi.config.asgi:application"
GRACE = timedelta(seconds=30)  # a case file may take this long to be laid out


class Server(uvicorn.Server):
    """Ends as it is told to: streams close, requests that have begun are answered, nothing new."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the live streams first: they would hold the process until its time is over."""
        live.close_streams()
        await super().shutdown(sockets)


def serve(host: str, port: int) -> bool:
    """Serve until SIGTERM or SIGINT; says whether it ever began to."""
    config = uvicorn.Config(
        APPLICATION,
        host=host,
        port=port,
        log_config=None,  # our own lines hold no addresses and no texts of errors
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=int(GRACE.total_seconds()),
        backlog=2048,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
    )
    server = Server(config)
    server.run()
    return server.started

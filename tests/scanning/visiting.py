"""Signing in to an installation that runs, as a program does: its cookies for the scanners."""

from __future__ import annotations

import httpx

POSTS = (
    "operator", "boat", "fishery", "inspector", "technical", "legal", "administrator", "security",
    "auditor", "leader",
)  # one account of the demonstration for each role  # fmt: skip


def visitor(url: str, username: str = "") -> httpx.Client:
    """Return a client signed in as an account of the demonstration, or as nobody."""
    client = httpx.Client(base_url=url, timeout=30, trust_env=False)
    if username:
        client.get("/sign-in/")
        token = client.cookies["csrftoken"]
        told = {"username": username, "csrfmiddlewaretoken": token}
        answer = client.post("/sign-in/demo/", data=told)
        assert answer.status_code == 302, answer.text[:300]
    return client


def cookie_line(client: httpx.Client) -> str:
    """Return the client's cookies as one line of a Cookie header."""
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)

"""Looking at the demonstration as a visitor does: the sign-in page, one click, the desk."""

from __future__ import annotations

import re

import httpx

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def visit(base: str, *, sign_in: str, demo_sign_in: str, desk: str) -> dict[str, int]:
    """Return the statuses of the sign-in page and of the desk after signing in as operator."""
    with httpx.Client(base_url=base, timeout=20.0, follow_redirects=True, trust_env=False) as me:
        page = me.get(sign_in)
        found = _TOKEN.search(page.text)
        form = {"username": "operator", "csrfmiddlewaretoken": found[1] if found else ""}
        me.post(demo_sign_in, data=form, headers={"Referer": f"{base}{sign_in}"})
        seen = me.get(desk)
        is_desk = seen.status_code == httpx.codes.OK and sign_in not in str(seen.url)
        return {
            "page_status": page.status_code,
            "desk_status": seen.status_code if is_desk else httpx.codes.FORBIDDEN,
        }

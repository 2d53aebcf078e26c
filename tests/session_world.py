"""An operator's session in an installation of its own: prints its key.

Run in that installation's environment: python -m tests.session_world
"""

from __future__ import annotations

import sys

from zhizhi.config.boot import boot

boot()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from zhizhi.directory import backends  # noqa: E402
from zhizhi.directory.models import Account  # noqa: E402


def main() -> None:
    account = Account.objects.create(username="operator")
    account.roles.create(role="operator")
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = backends.SECOND_FACTOR
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.create()
    sys.stdout.write(str(session.session_key))


if __name__ == "__main__":
    main()

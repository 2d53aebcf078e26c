"""The process's one group committer, made when the first envelope comes."""

from __future__ import annotations

from threading import Lock

from zhizhi.engine.committing import GroupCommitter

_lock = Lock()
_committer: GroupCommitter | None = None


def door() -> GroupCommitter:
    """Return the committer of this process."""
    global _committer  # noqa: PLW0603 - one writer thread for the whole process
    with _lock:
        if _committer is None:
            _committer = GroupCommitter()
        return _committer


def close_door() -> None:
    """Commit what waits and take nothing more; the next ``door`` is a new one."""
    global _committer
    with _lock:
        committer, _committer = _committer, None
    if committer is not None:
        committer.close()

"""A file system in a file whose power can be cut: what was not synced is gone, as in a power cut.

ext4 on a loop device, and its shutdown ioctl without flushing the journal: whatever lies in the
page cache alone is lost. A disk that lies about its own cache is not modelled.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, as FS_IOC_SHUTDOWN of other file systems
NO_LOG_FLUSH = 2
SIZE = "1G"  # sparse: only what is written takes room


class CannotCut(RuntimeError):
    """This machine cannot cut the power of a file system; says what is needed."""


class Disk:
    """ext4 in the file ``home/disk.img``, mounted at ``home/disk`` between two cuts."""

    def __init__(self, home: Path) -> None:
        self.image, self.folder = home / "disk.img", home / "disk"
        self.folder.mkdir()
        _run("truncate", "-s", SIZE, str(self.image))
        _run("mkfs.ext4", "-q", "-F", str(self.image))

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self.image), str(self.folder))

    def cut(self) -> int:
        """Cut the power; returns the moment just before, on the monotonic clock in nanoseconds."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            moment = time.monotonic_ns()
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        except OSError as error:
            message = f"This kernel's ext4 cannot be shut down by ioctl: {error}"
            raise CannotCut(message) from error
        finally:
            os.close(handle)
        return moment

    def unmount(self) -> None:
        """Take the disk away as soon as the last process has let go of it."""
        end = time.monotonic() + 30
        while True:
            try:
                _run("umount", str(self.folder))
            except CannotCut:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return

    @property
    def is_mounted(self) -> bool:
        return self.folder.is_mount()


def check_machine() -> None:
    """Raise CannotCut with the remedy when something is missing."""
    if os.geteuid():
        message = (
            "Cutting power mounts a file system, which only root may do. Type: sudo make powercut"
        )
        raise CannotCut(message)
    missing = [name for name in ("mkfs.ext4", "mount", "umount") if not shutil.which(name)]
    if missing:
        message = f"{', '.join(missing)} missing. Type: apt-get install -y e2fsprogs mount"
        raise CannotCut(message)
    if not Path("/dev/loop-control").exists():
        message = "There are no loop devices. Type: modprobe loop (in a container: on its host)"
        raise CannotCut(message)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        message = f"{' '.join(command)} failed: {done.stderr.strip()}"
        raise CannotCut(message)

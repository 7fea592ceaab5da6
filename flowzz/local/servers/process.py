"""Child processes that end with their parent, and that run as somebody else where they must."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `stop_signal` to the child when its parent dies.

    Only Linux can; elsewhere it does nothing. A later change of identity makes it void.
    """
    parent = os.getpid()

    def arrange() -> None:
        ask_for_signal_at_parents_death(stop_signal)
        if sys.platform == "linux" and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return arrange


def ask_for_signal_at_parents_death(number: signal.Signals) -> None:
    """Have the kernel send it to this process; only Linux can, elsewhere this does nothing."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


@dataclass(frozen=True)
class Identity:
    """As whom a program runs: as this process, unless one of the two accounts is given."""

    seen_as: pwd.struct_passwd | None = None
    """Run as this account in the program's own eyes, and with our rights in everybody else's."""
    account: pwd.struct_passwd | None = None

    @property
    def owner(self) -> int:
        """The user id that the program's files must belong to."""
        return self.account.pw_uid if self.account else os.geteuid()

    def start(
        self, command: Sequence[str], *, log: IO[bytes], stop_signal: signal.Signals, feed: str = ""
    ) -> subprocess.Popen[bytes]:
        """Start a program that dies with this process, with `feed` on its standard input."""
        stop_with_us = die_with_parent(stop_signal)

        def prepare() -> None:
            if self.seen_as:
                enter_user_namespace(self.seen_as)
            stop_with_us()

        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
            preexec_fn=prepare,  # noqa: PLW1509 - only single-threaded programs come here
        )
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(feed.encode())
        return process


def unprivileged() -> Identity:
    """An identity that isn't root's: this process itself, a namespace, or another account.

    For a single-threaded process.
    """
    if os.geteuid() != 0:
        return Identity()
    user = next(user for user in pwd.getpwall() if user.pw_uid != 0 and user.pw_gid != 0)
    return Identity(seen_as=user) if can_enter_user_namespace(user) else Identity(account=user)


def enter_user_namespace(user: pwd.struct_passwd) -> None:
    """Become `user` in the eyes of this process alone, keeping its rights to its own files.

    Raises OSError where the system refuses. For a single-threaded process about to `exec`.
    """
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user.pw_uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{user.pw_gid} {gid} 1")


def can_enter_user_namespace(user: pwd.struct_passwd) -> bool:
    """Try it in a child. For a single-threaded process."""
    child = os.fork()
    if child == 0:
        try:
            enter_user_namespace(user)
        except (OSError, AttributeError):  # refused, or not Linux
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

"""Child processes that end with their parent, and that can run as another user."""

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
    """Return a `preexec_fn` that makes the kernel signal the child when its parent dies.

    Only on Linux; elsewhere it does nothing. A later change of identity cancels it.
    """
    parent = os.getpid()

    def request_signal() -> None:
        request_parent_death_signal(stop_signal)
        if sys.platform == "linux" and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return request_signal


def request_parent_death_signal(number: signal.Signals) -> None:
    """Make the kernel signal this process when its parent dies. Only on Linux."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


@dataclass(frozen=True)
class Identity:
    """The user that a program runs as: this process's, unless one of the accounts is set."""

    namespace_account: pwd.struct_passwd | None = None
    """The account inside a user namespace; outside, the program keeps this process's rights."""
    account: pwd.struct_passwd | None = None

    @property
    def owner(self) -> int:
        """Return the user id that must own the program's files."""
        return self.account.pw_uid if self.account else os.geteuid()

    def start(
        self,
        command: Sequence[str],
        *,
        log: IO[bytes],
        stop_signal: signal.Signals,
        stdin: str = "",
    ) -> subprocess.Popen[bytes]:
        """Start a program that dies with this process, with `stdin` on its standard input."""
        request_signal = die_with_parent(stop_signal)

        def prepare() -> None:
            if self.namespace_account:
                enter_user_namespace(self.namespace_account)
            request_signal()

        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
            preexec_fn=prepare,  # noqa: PLW1509 - the callers have one thread
        )
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(stdin.encode())
        return process


def unprivileged() -> Identity:
    """Return an identity other than root: this process's, a user namespace or another account.

    Only for a process with one thread.
    """
    if os.geteuid() != 0:
        return Identity()
    user = next(user for user in pwd.getpwall() if user.pw_uid != 0 and user.pw_gid != 0)
    if can_enter_user_namespace(user):
        return Identity(namespace_account=user)
    return Identity(account=user)


def enter_user_namespace(user: pwd.struct_passwd) -> None:
    """Become `user` inside a user namespace, and keep the rights to this process's own files.

    Raises OSError if the system refuses. Only for a process with one thread before its `exec`.
    """
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user.pw_uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{user.pw_gid} {gid} 1")


def can_enter_user_namespace(user: pwd.struct_passwd) -> bool:
    """Try to enter a user namespace in a child process. Only for a process with one thread."""
    child = os.fork()
    if child == 0:
        try:
            enter_user_namespace(user)
        except (OSError, AttributeError):  # refused, or not on Linux
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

"""Becomes another program that the kernel ends when this one's parent dies (Linux).

Run as a file of its own: a `preexec_fn` is not safe in a process with threads. It drops root's
rights first, because a change of user clears the wish to be told of the parent's death.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def drop_rights(user: str) -> None:
    """Become this user with its groups; only root can, and only root is asked to."""
    import pwd

    account = pwd.getpwnam(user)
    os.initgroups(user, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def follow_parent(parent: int, death_signal: int) -> None:
    """Ask for the signal at the parent's death; end at once if it is dead already."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        raise SystemExit(1)


def main(arguments: list[str]) -> None:
    """Read PARENT SIGNAL USER(or -) COMMAND..., and become the command.

    The command is a whole path: once the rights are dropped this user may not even be able to
    read the rest of Python's library.
    """
    parent, death_signal, user, *command = arguments
    if user != "-":
        drop_rights(user)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    follow_parent(int(parent), int(death_signal))
    os.execv(command[0], command)  # noqa: S606 - to become it is the point


if __name__ == "__main__":
    main(sys.argv[1:])

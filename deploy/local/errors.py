"""What can keep the local stack from starting.

CannotStart
├── SettingUnknown      SERVERS names no source
├── SourceUnavailable   one source of servers cannot serve; the next one may
├── NoServers           none can
├── PortsHeld           another program listens where the stack would
└── ProgramFailed       a program that was started ended, or never became ready
"""


class CannotStart(Exception):
    """The message is for the person at the terminal: what is wrong and what to do."""


class SettingUnknown(CannotStart):
    """SERVERS names no source."""


class SourceUnavailable(CannotStart):
    """This source of servers cannot serve here."""


class NoServers(CannotStart):
    """No source can serve, or the one that was asked for cannot."""


class PortsHeld(CannotStart):
    """Another program listens on a port that the stack needs."""


class ProgramFailed(CannotStart):
    """A program that the stack started ended too early or did not become ready in time."""

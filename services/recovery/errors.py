"""What recovery refuses, as types; how each is told stands in api/problems.py.

Refused
└── LinkInvalid     RC-3: unknown, expired, superseded, used or overtaken by a change of credentials
"""

from shared.errors import Refused


class LinkInvalid(Refused):
    """The link opens nothing; the cause is never told (RC-3)."""

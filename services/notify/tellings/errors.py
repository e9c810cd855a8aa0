"""What cannot be told."""


class NotRenderable(Exception):
    """The mail cannot be written: no other try would write it."""

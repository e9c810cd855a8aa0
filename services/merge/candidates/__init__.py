"""Whom an account may likely be merged with, and where and when that is offered."""

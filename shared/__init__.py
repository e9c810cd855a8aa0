"""Plumbing without a domain noun, used by two services or more; imports no service."""

"""Practices and gateways: who they are, their settings, their clients."""

"""Notices in the portal: what a person is to be told and could not be mailed (NT-8)."""

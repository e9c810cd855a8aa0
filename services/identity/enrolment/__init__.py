"""Enrolment: tokens, new accounts, practices added to an account (EN-1, EN-5)."""

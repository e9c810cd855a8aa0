"""Plumbing without a page: requests, cookies, forms, views, languages, headers."""

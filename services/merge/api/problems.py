"""How merge's errors are told: it has none of its own yet."""

from shared.http.problems import Problems

PROBLEMS: Problems = {}

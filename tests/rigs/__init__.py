"""A service in process over a database of the test's own: real HTTP, nothing started."""

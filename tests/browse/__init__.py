"""Stories played in a real browser, by clicks and typing: `make browse`."""

"""Reset tokens over HTTP."""

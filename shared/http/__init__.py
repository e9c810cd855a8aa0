"""HTTP: routes with guards, strict parsing, problems, idempotency, source budget, OpenAPI."""

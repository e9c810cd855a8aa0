"""What is told of an event, and to whom: routing, contents and templates (NT-1, NT-4)."""

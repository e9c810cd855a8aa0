"""MG-9: what becomes here of an account that became part of another one."""

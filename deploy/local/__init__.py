"""The stack on one machine: servers, rights, a mail catcher."""

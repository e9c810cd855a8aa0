"""A holder shuts her account from a mail: "this was not me" (RC-9)."""

"""The merge of two accounts: decided and done here (MG-2, MG-4)."""

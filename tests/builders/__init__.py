"""What tests begin with: facts that others publish, people, and what practices know of them."""

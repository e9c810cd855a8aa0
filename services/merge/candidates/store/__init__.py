"""Its SQL, each statement beside the types that it reads and writes."""

"""A lab that tries to tell hit from miss by the time of the reply, as a stranger could."""

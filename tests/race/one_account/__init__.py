"""One account, its holder, a thief who has the password, her practice, a clock: whatever they do.

The machine draws what comes next (Hypothesis), and keeps a model beside the product of what must
not be: a secret that is good twice, a session that outlives its end, a full session without the
second step but on a device that is trusted, a change of credentials that leaves no audit row or
reaches not who it should. `life.py` is the model, `race.py` the whole; between them a module a noun
has what may be done with it.
"""

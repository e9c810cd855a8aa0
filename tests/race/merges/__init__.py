"""`make race PART=merges`: three accounts of one person, merged and changed at once (MG-1 … MG-9).

A round is one person with accounts A, B and C. A→B, B→A and C→B are asked for at the same moment as
everybody logs on and refreshes, and as chance has more of what changes an account. Three replicas
of each service answer over HTTP, with their broker. With `KILLS` one of the twelve is killed now
and then meanwhile.

What must hold: every merge ends, completed at all four services or refused by identity; one winner
of those that exclude each other; nothing of an absorbed account opens anything; nothing that
either had is lost; no server has a deadlock; and nobody is told 503 unless somebody is killed.
"""

"""One account, its holder and a thief, and every way back in: whatever they try in turn.

recovery and identity are both real, on one database; what each tells goes to the other at once, or
a while later. The model beside them knows who has which proof. What must not be: a grant or a
session for who has not what the way's row demands, a grant that sets two passwords or outlives a
change, a full session without the second step, a mail to an address that is not the account's; and
once it is part of another account, anything at all. Nor may a right answer be refused while that
way is open, or be taken while it is locked. `account.py` is the model, `tries.py` what wrong
answers cost, `race.py` the whole; between them stand the ways, and what the practice and a merge do
to them.
"""

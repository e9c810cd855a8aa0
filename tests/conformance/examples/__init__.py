"""A call of each verb that does what the verb is for, under the verb's own name.

A new verb begins here: what it owes is then tried on its example by every suite.
"""

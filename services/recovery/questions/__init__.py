"""Security questions: five an account, chosen from a bank (RC-8), two answered for a new password
(RC-4).
"""

"""The errors that people cause and can mend."""


class LeaderbenchError(Exception):
    """Something a user can put right; the message is one sentence: what, where, what to do."""

"""The errors that people cause and can mend."""


class LeaderbenchError(Exception):
    """Something a user can put right; the message is one sentence: what, where, what to do."""


class MachineError(LeaderbenchError):
    """One that lies with the machine, such as a full disk or a store in use, and not with what was given."""

"""What does the site show, and its API answer with? One set of values, so that both say the same.

Every text in them may come from a stranger: pages escape it.
"""

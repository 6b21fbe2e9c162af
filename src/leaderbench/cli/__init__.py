"""How people reach it: one small file a command; no logic that a notebook user would miss."""

"""How files are read that a crash, or a stranger, may have left: within bounds, and with one sentence where not."""

"""How things are written for people: what may stand in a line, whoever wrote it."""

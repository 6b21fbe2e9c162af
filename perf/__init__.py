"""How fast, against a named peer in the same run: `make perf`."""

"""How is an answer told: as a value, a page, charts."""

"""Who answers, and how to ask it fast."""

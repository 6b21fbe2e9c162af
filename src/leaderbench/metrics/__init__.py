"""Was an answer right? Pure functions from log-likelihoods and texts to values; nothing here knows a benchmark."""

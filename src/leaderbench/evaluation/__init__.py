"""Ask: requests minus what is stored, to the model, to the store."""

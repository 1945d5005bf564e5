"""The office's registers: read, typed, and held against each other."""

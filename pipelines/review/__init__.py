"""People's decisions: an append-only store, the states that follow from them, and who may take the next step."""

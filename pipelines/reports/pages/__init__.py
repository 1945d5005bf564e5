"""Plain data in, pages of the data folder out: one look, no outside asset."""

"""city.toml: its sections as typed, frozen settings, where things stand in the data folder, and what may not be told."""

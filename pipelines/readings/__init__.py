"""From parsed values to readings: whose they are, which of rivals counts, what is held back and why."""

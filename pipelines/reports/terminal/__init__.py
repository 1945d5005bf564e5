"""Plain data in, text for the terminal out."""

"""Pages and tables for people, from published tables."""

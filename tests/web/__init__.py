"""The desk in a browser: who may see and do what, by which address, and what is kept."""

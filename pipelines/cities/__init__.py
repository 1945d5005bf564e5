"""Several cities side by side: which they are, and what their published files say by use class."""

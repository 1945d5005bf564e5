"""A run from its inputs to its outcome: the order of the stages, what it goes on from, and what it changed of the past."""

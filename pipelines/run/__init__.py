"""Runs: the order of the stages, from inputs to verdicts."""

"""Prefect flows only: the story of a night, top to bottom."""

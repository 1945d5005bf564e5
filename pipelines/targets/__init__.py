"""Baselines, paths and verdicts: 達成, 未達 or 判定不能 for every target and every facility, with all reasons."""

"""The Energy Conservation Act's view: operators and their thresholds, posts and who holds them today."""

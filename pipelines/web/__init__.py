"""The desk: pages and forms for the people of the review, served by Django. It decides nothing: steps are those of ``review/``."""

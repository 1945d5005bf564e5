"""What is never written over: ``<data>/history``, line by line, and the files it names by hash."""

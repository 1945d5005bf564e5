"""What comes from outside: the lock, the licences in it, known weaknesses, and the bundle for machines without a network."""

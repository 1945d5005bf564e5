"""From lines of cells to values: the plain ones at once in SQL, the others with care."""

"""Keep an installation sound: check it, back it up, tidy it."""

"""How ``accounts.sqlite`` comes to its tables."""

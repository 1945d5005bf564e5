"""What came: the inbox and its ledger, names as the system gives them, what is being read at this moment."""

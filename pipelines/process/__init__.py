"""What a run asks of the operating system: processes of its own, deadlines, rights, who is at work."""

"""The command ``facility-emissions``: one module per group of commands; each imports its work when it runs."""

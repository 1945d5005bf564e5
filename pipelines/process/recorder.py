"""Who records: the account and the machine, asked of the operating system, never of an option or of the environment."""

from __future__ import annotations

import os
import platform


def recorder() -> str:
    """Return ``account@machine`` as the operating system knows them."""
    if os.name == "posix":
        import pwd

        try:
            account = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            account = f"uid:{os.getuid()}"
    else:
        account = os.getlogin()
    return f"{account}@{platform.node() or 'unknown'}"

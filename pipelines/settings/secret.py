"""What must not be told: passwords, and addresses that let anybody in. Read from the environment, never from files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

HIDDEN = "***"
# ``user:password@`` of an address
LOGIN = re.compile(r"(?<=://)[^\s/@]*@")
NAMES = re.compile(r"PASS|SECRET|TOKEN|CREDENTIAL|WEBHOOK|(^|_)KEY$", re.IGNORECASE)
DECISIONS = "FACILITY_EMISSIONS_DECISIONS_URL"
# a part of an address that was made to be guessed by nobody: words of the language are left in the sentences
KEY = re.compile(r"(?=.*\d).{8,}|.{16,}")
# anything shorter would be found in every other word
SHORTEST = 4


def secrets(names: Iterable[str] = ()) -> set[str]:
    """Return the secrets of this process's environment: of variables named here, and of those whose name says so."""
    found = set()
    for name, value in os.environ.items():
        if name in names or name == DECISIONS or NAMES.search(name):
            found |= set(_parts(value))
    return {part for part in found if len(part) >= SHORTEST}


def hidden(text: str, known: Iterable[str]) -> str:
    """Return a text without these secrets, and without the login that an address may carry."""
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return LOGIN.sub(f"{HIDDEN}@", text)


def _parts(value: str) -> Iterator[str]:
    """Yield a secret as it may turn up: whole, and of an address what is behind the host, and the password."""
    yield value
    if "://" not in value:
        return
    try:
        address = urlsplit(value.strip())
        password = address.password
    except ValueError:  # half an address: all of it after the scheme
        yield value.partition("://")[2]
        return
    if password:
        yield from (password, unquote(password), quote(password))
    if value.startswith("http"):
        behind = address.path + (f"?{address.query}" if address.query else "")
        yield behind
        yield from (part for part in re.split("[/?&=]", behind) if KEY.fullmatch(part))

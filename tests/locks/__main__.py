"""Write the locks anew; git shows what changed."""

from __future__ import annotations

import json

from tests.locks import FIGURES, METHOD, figures, method

METHOD.write_text(json.dumps(method(), indent=1) + "\n", encoding="utf-8")
FIGURES.write_text(
    json.dumps(figures(), indent=None, separators=(",", ":")).replace("],", "],\n") + "\n", encoding="utf-8"
)

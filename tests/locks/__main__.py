"""Write the locks anew; git shows what changed."""

from __future__ import annotations

import json

from tests.locks import FIGURES, METHOD, READING, figures, method, reading

METHOD.write_text(json.dumps(method(), indent=1) + "\n", encoding="utf-8")
READING.write_text(json.dumps(reading(), indent=1) + "\n", encoding="utf-8")
FIGURES.write_text(
    json.dumps(figures(), indent=None, separators=(",", ":")).replace("],", "],\n") + "\n", encoding="utf-8"
)

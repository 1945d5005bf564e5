"""Show a conversion: what it comes to and where each number comes from."""

from __future__ import annotations

from pipelines.ask.convert import Converted
from pipelines.findings import explain_reason
from pipelines.registers import spoken
from pipelines.reports.plain_text import pair_lines, plain
from pipelines.texts import label, word


def as_text(answer: Converted, language: str, width: int) -> str:
    """Return energy, crude oil, CO2, factor, edition and source as lines of text."""
    energy = (
        f"{plain(answer.energy_gj)} GJ"
        if answer.energy_gj is not None
        else explain_reason(answer.energy_reason or "", language)
    )
    emissions = [f"{plain(kg)} kgCO2e ({gas})" for gas, kg in answer.co2e_kg.items() if kg is not None]
    told = [
        ("converted_energy", energy),
        ("converted_crude", None if answer.crude_oil_kl is None else f"{plain(answer.crude_oil_kl)} kL"),
        ("converted_emissions", ", ".join(emissions) or label("not_in_basis", language)),
        ("converted_choice", word(answer.choice, language) if answer.choice else None),
        ("converted_mark", word(answer.mark, language) if answer.mark else None),
        ("converted_factor", " ".join(x for x in (answer.factor, answer.factor_id) if x)),
        ("converted_heat", " ".join(x for x in (answer.heat_content, answer.heat_content_id) if x)),
        ("edition", answer.edition),
        ("converted_source", " ".join(x for x in (answer.source_place, answer.source) if x)),
    ]
    energy_type = answer.energy_type
    if language == "ja":
        energy_type = spoken.usual("meters", "energy_type").get(energy_type, energy_type)
    head = f"{plain(answer.quantity)} {answer.unit} {energy_type} {answer.on} {word(answer.basis, language)}"
    lines = pair_lines([(label(key, language), value) for key, value in told], width)
    return "\n".join([head, *(name + value for name, value in lines)])

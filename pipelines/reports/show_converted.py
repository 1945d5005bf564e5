"""Show a conversion: what it comes to and where each number comes from."""

from __future__ import annotations

from pipelines.convert import Converted
from pipelines.findings import explain_reason, word
from pipelines.reports.terminal import Terminal, plain


def show(out: Terminal, answer: Converted) -> None:
    """Print energy, crude oil, CO2, factor, edition and source."""
    energy = (
        f"{plain(answer.energy_gj)} GJ"
        if answer.energy_gj is not None
        else explain_reason(answer.energy_reason or "", out.language)
    )
    emissions = [f"{plain(kg)} kgCO2e ({gas})" for gas, kg in answer.co2e_kg.items() if kg is not None]
    out.line(
        f"{plain(answer.quantity)} {answer.unit} {answer.energy_type} {answer.on} {word(answer.basis, out.language)}",
        "bold",
    )
    out.pairs(
        [
            (out.say("converted_energy"), energy),
            (out.say("converted_crude"), None if answer.crude_oil_kl is None else f"{plain(answer.crude_oil_kl)} kL"),
            ("CO2", ", ".join(emissions) or out.say("not_in_basis")),
            (out.say("converted_choice"), word(answer.choice, out.language) if answer.choice else None),
            (out.say("converted_factor"), " ".join(x for x in (answer.factor, answer.factor_id) if x)),
            (out.say("converted_heat"), " ".join(x for x in (answer.heat_content, answer.heat_content_id) if x)),
            (out.say("edition"), answer.edition),
            (out.say("converted_source"), " ".join(x for x in (answer.source_place, answer.source) if x)),
        ]
    )

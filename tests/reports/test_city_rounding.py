"""The city's own rules of rounding: on the screen, in its documents and in frozen editions, named there; never in what is stored."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from pipelines import rounding
from pipelines.cli import main
from pipelines.history import frozen
from pipelines.settings.city import load_settings
from pipelines.settings.city_file import SettingsError
from pipelines.warehouse import query
from tests.making import City, monthly, rows_of

PUBLISHED = (
    '[reports.rounding."公表"]\ndigits = 0\nmode = "cut"\nrate_digits = 0\nrate_from = "rounded"\ngas_digits = 2\n'
    'source = "試験市要領"\n'
)
SCREEN = '[reports.rounding."画面"]\ndigits = 3\nmode = "cut"\nrate_digits = 2\nsource = "試験市要領"\n'
BOD = "activity_source_id,started_on,ended_on,quantity,unit\n"


def hand(kg: Decimal, digits: int, mode: str) -> Decimal:
    """Tonnes rounded by whole numbers alone."""
    scaled = Fraction(kg) / 1000 * 10**digits
    whole = scaled.numerator // scaled.denominator
    if (mode == "half_up" and scaled - whole >= Fraction(1, 2)) or (mode == "ceiling" and scaled != whole):
        whole += 1
    return Decimal(whole).scaleb(-digits)


@pytest.mark.parametrize("mode", ["half_up", "cut", "ceiling"])
@pytest.mark.parametrize("digits", [0, 1, 3])
@pytest.mark.parametrize("kg", ["1499.999999999", "1500", "0", "0.5", "999.5", "12345.678901234"])
def test_a_document_rounds_as_its_city_says(mode: str, digits: int, kg: str) -> None:
    stated = rounding.document("公表", digits=digits, mode=mode)
    assert stated.figures.rounded(Decimal(kg)) == hand(Decimal(kg), digits, mode)


def test_each_gas_may_be_rounded_before_its_potential() -> None:
    gases = [(Decimal("1234.5"), Decimal(1)), (Decimal("14.9"), Decimal(28)), (Decimal("5"), Decimal(265))]
    exact = sum((kg * potential for kg, potential in gases), Decimal(0))
    assert rounding.document("公表").total(exact, gases) == exact
    stated = rounding.document("公表", digits=1, mode="half_up", gas_digits=2)
    by_hand = sum(hand(kg, 2, "half_up") * 1000 * potential for kg, potential in gases)
    assert stated.total(exact, gases) == by_hand == Decimal(1230 + 10 * 28 + 10 * 265)
    assert stated.figures.text(stated.total(exact, gases)) == "4.2 t" != stated.figures.text(exact)
    assert "0.01 t 未満で四捨五入" in stated.sentence("ja") and "before its warming potential" in stated.sentence("en")


def test_a_rate_from_rounded_figures_is_one_of_what_is_printed() -> None:
    stated = rounding.document("公表", digits=0, mode="cut", rate_digits=1, rate_from="rounded")
    change = rounding.change_rate(Decimal(2999), Decimal(3001), stated.rate, stated.figures)
    assert rounding.rate_text(change, stated.rate) == "-33.3 %"
    exact = rounding.document("公表", digits=0, mode="cut")
    assert rounding.rate_text(rounding.change_rate(Decimal(2999), Decimal(3001), exact.rate), exact.rate) == "-0.1 %"


@pytest.mark.parametrize(
    "wrong",
    [
        '[reports.rounding."町報"]\nsource = "x"\n', '[reports.rounding."公表"]\ndigits = 0\n',
        '[reports.rounding."公表"]\ndigits = 7\nsource = "x"\n',
        '[reports.rounding."公表"]\nmode = "even"\nsource = "x"\n', '[reports.rounding."画面"]\ngas_digits = 0\nsource = "x"\n',
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused_by_its_key(city: City, wrong: str) -> None:
    toml = city.folder / "city.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + wrong, encoding="utf-8")
    with pytest.raises(SettingsError, match="rounding"):
        load_settings(city.folder)


def told(city: City, *words: str) -> str:
    result = CliRunner().invoke(main.app, ["--city", str(city.folder), "--lang", "ja", *words], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_city_sees_its_own_rounding_and_the_tables_do_not_change(city: City) -> None:
    """1,200 L and 960 L of kerosene a year, and a plant that sends out methane and nitrous oxide."""
    city.register("activity_sources", [
        {"activity_source_id": "A1", "facility_id": "F1", "activity": "sewage_terminal", "unit": "m3", "frequency": "year"},
    ])  # fmt: skip
    years = "".join(f"A1,{y}-04-01,{y + 1}-04-01,{100000 if y < 2025 else 80000},m3\n" for y in range(2022, 2026))
    city.file("plants/a.csv", BOD + years)
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda y, _: 100 if y < 2025 else 80))
    city.publish()
    tables = "SELECT * FROM emissions_by_cause_gas_fiscal_year ORDER BY ALL"
    with query.opened(city.paths.published) as connection:
        plain = rows_of(connection, tables)
        amounts = dict(
            rows_of(
                connection,
                "SELECT fiscal_year, co2e_kg FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND fiscal_year IN (2022, 2025)",
            )
        )
        kg = {
            (year, gas): value
            for year, gas, value in rows_of(
                connection,
                "SELECT fiscal_year, gas, sum(emissions_kg) FROM emissions_by_cause_gas_fiscal_year WHERE basis = 'plan' GROUP BY ALL",
            )
        }
    usual = told(city, "facilities")
    toml = city.folder / "city.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + PUBLISHED + SCREEN, encoding="utf-8")
    shown = told(city, "facilities")
    assert f"{hand(amounts[2025], 3, 'cut')} t" in shown and f"{hand(amounts[2025], 1, 'half_up')} t" in usual
    assert "排出量は 0.001 t 未満を切捨て" in shown and "0.001 t" not in usual

    potentials = {2022: {"CO2": 1, "CH4": 25, "N2O": 298}, 2025: {"CO2": 1, "CH4": 28, "N2O": 265}}  # facts/gwp.csv
    printed = {
        year: hand(sum((hand(kg[year, gas], 2, "cut") * 1000 * p for gas, p in of_year.items()), Decimal(0)), 0, "cut")
        for year, of_year in potentials.items()
    }
    rate = ((printed[2025] - printed[2022]) * 100 / printed[2022]).quantize(Decimal(1), ROUND_HALF_UP)
    explained = told(city, "explain", "F1", "--fiscal-year", "2025")
    assert "公表の値" in explained and f"{printed[2025]} t、基準年度 {printed[2022]} t、{rate:+} %" in explained
    assert "0.01 t 未満で切捨て" in explained and "率は丸めた後の値から" in explained
    assert f"{printed[2025]} t" in told(city, "explain", "city", "--fiscal-year", "2025")

    wanted = frozen.FreezeRequest("公表", 2025, "環第1号", "P3", city.paths.now(), "me@pc", accept_incomplete=True)
    with query.opened(city.paths.published) as connection:
        record = frozen.freeze(connection, city.paths.history, wanted, city.paths.settings.reports.document("公表"))
    assert "切捨て" in record["rounding"]
    city.publish()
    with query.opened(city.paths.published) as connection:
        assert rows_of(connection, tables) == plain
        kept = rows_of(
            connection,
            "SELECT printed_co2e_t FROM official_edition_totals WHERE subject_kind = 'facility' AND fiscal_year = 2025 AND basis = 'plan'",
        )
    assert kept == [(printed[2025],)]
    assert hand(amounts[2025], 0, "cut") >= printed[2025]

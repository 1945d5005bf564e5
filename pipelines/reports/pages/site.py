"""The pages of results, made every morning without any server: the city, facilities, operators, and what keeps facilities from a verdict.

Reads the published file; writes ``pages/`` for everybody and ``pages_internal/`` for the office, where persons are named and verdicts
stand before the year is closed. Only pages that differ are written; what is not to be published of a facility (facilities.csv
publication) stands in sums alone. Links are relative, so the folder works from a share and from a server.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipelines.ask import site_half_hours as read_half_hours
from pipelines.ask.site import FacilityTold, Row, SiteTold, gather
from pipelines.reports.pages import site_basis, site_charts, site_half_hours, site_words
from pipelines.reports.pages.page import ASSETS, PageFolder, folders, policy
from pipelines.reports.plain_text import at_stake, figure, percent, plain, tonnes
from pipelines.reports.standing import is_its_own
from pipelines.reports.workbook import file_names
from pipelines.rounding import rule_of
from pipelines.settings.city import CityFolder
from pipelines.texts import verdict_words, word

SEARCH = ASSETS / "search.js"  # the only script; the page works without it
PLAN = "plan"
MOST_QUESTIONS = 40
MOST_CHANGES = 12
LAST = chr(0xFFFF)  # behind every reading
LARGE_SHARE = Decimal("0.75")


Drawn = dict[tuple[Any, ...], Any]


class Site:
    """One set of pages of one publication, for everybody or for the office."""

    def __init__(self, told: SiteTold, pages: PageFolder, drawn: Drawn, planned: datetime | None = None) -> None:
        self.told, self.pages, self.drawn = told, pages, drawn
        self.is_internal = is_internal = pages.is_internal
        shown = told.facilities.values()
        self.shown = [f for f in shown if is_internal or f.register["publication"] == "public"]
        names = file_names(told.facilities)  # the same in both sets, so that links between them hold
        self.file_of = {f.facility_id: names[f.facility_id] for f in self.shown}
        self.pictures: dict[str, list[site_half_hours.Shown]] = defaultdict(list)
        self.operator_file = file_names(str(f.register["operator_id"]) for f in told.facilities.values())
        pages.environment.globals |= {
            "told": told,
            "planned": planned,
            "tonnes": tonnes,
            "at_stake": at_stake,
            "percent": percent,
            "figure": figure,
            "plain": plain,
            "word": lambda key: told.kinds.get(key) or word(str(key), site_words.JA),
            "chip": lambda result: site_words.chip(result, is_internal=is_internal),
            "is_its_own": is_its_own,
            "say": site_words.say,
            "sentence": site_words.sentence,
            "reasons": site_words.reasons,
            "amount": site_words.amount,
            "calculation": site_basis.calculation,
            "days": site_basis.days,
            "document": site_basis.document,
            "turn": lambda question: site_words.turn(question, is_internal=is_internal),
            "rounding": rule_of("emissions").sentence(site_words.JA),
            "link": self._link,
        }

    def picture(self, facility_id: str, picture: site_half_hours.Picture) -> None:
        """Write the half hours of a meter beside the page of its facility, if it has one here; before the pages."""
        if facility_id not in self.file_of:
            return
        own = self.pictures[facility_id]
        stem = f"facilities/{self.file_of[facility_id]}.half-hours-{len(own) + 1}"
        png, csv = self.pages.put(f"{stem}.png", picture.png), self.pages.put(f"{stem}.csv", picture.csv)
        own.append(site_half_hours.Shown(replace(picture, png=b"", csv=b""), png.name, csv.name))

    def write(self) -> None:
        """Write all pages, and take away those of facilities that are no more."""
        year = self.told.fiscal_year
        questions = [q for q in self.told.questions if q["facility_id"] in self.file_of]
        self.pages.page("index.html", "site_index.html", **self._city(questions))
        self.pages.put(SEARCH.name, SEARCH.read_bytes())
        listed = {"rows": self._by_kana(), "sparks": self._sparks(self.shown), "policy": policy(scripts=True)}
        self.pages.page("facilities.html", "site_facilities.html", **listed)
        self.pages.page("reasons.html", "site_reasons.html", causes=self._causes())
        for operator_id, members in self._operators().items():
            path = f"operators/{self.operator_file[operator_id]}.html"
            own = [t for t in self.told.targets if t["subject_kind"] == "operator" and t["subject_id"] == operator_id]
            self._page(
                path,
                "site_operator.html",
                operator=members[0].register["operator"],
                members=[f for f in members if f.facility_id in self.file_of],
                withheld=sum(f.facility_id not in self.file_of for f in members),
                own=next((t for t in own if t["fiscal_year"] == year), None),
                road=self._road(own, members[0].register["operator"], self.operator_file[operator_id]),
                departments=self._departments(members),
            )
        for facility in self.shown:
            path = f"facilities/{self.file_of[facility.facility_id]}.html"
            self._page(path, "site_facility.html", **self._facility(facility))
        for below in ("facilities", "operators"):
            self.pages.take_away(below, ".html", ".csv", ".png")

    def _page(self, path: str, template: str, **values: Any) -> None:  # noqa: ANN401 - what the template names
        """Write a page with charts, and beside it the table of each as CSV."""
        stem = path.removesuffix(".html")
        told = dict(values)
        for name, chart in values.items():
            if isinstance(chart, site_charts.Figure):
                beside = self.pages.put(f"{stem}.{name}.csv", chart.csv)
                told[name] = self._told(chart, beside.name)
        self.pages.page(path, template, **told)

    def _told(self, chart: site_charts.Figure, csv: str) -> Any:  # noqa: ANN401 - markup
        """Return a chart with its table as markup, made once where both sets of pages show it."""
        key = ("told", id(chart))
        if key not in self.drawn:
            parts: Any = self.pages.environment.get_template("site_parts.html").module
            self.drawn[key] = (chart, parts.chart(chart, csv))  # the chart too: while it is kept its id is its own
        return self.drawn[key][1]

    # ------------------------------------------------------------------ what each page shows

    def _city(self, questions: Sequence[Row]) -> dict[str, Any]:
        year = self.told.fiscal_year
        results = [f.result(year) for f in self.told.facilities.values()]
        known = [r for r in results if r is not None and r["actual_low_co2e_kg"] is not None]
        total = sum(map(_kg, results), Decimal(0))
        before = sum((_kg(f.result(year - 1)) for f in self.told.facilities.values()), Decimal(0))
        is_whole = all(r["actual_high_co2e_kg"] is not None and r["basis"] == PLAN for r in known)
        judged = Counter(site_words.chip(r, is_internal=self.is_internal) for r in results if r is not None)
        return {
            "total": total,
            "before": before,
            "is_whole": is_whole,
            "covered": sum(r["coverage"] == 1 for r in known),
            "counted": len(known),
            "judged": sorted(judged.items(), key=lambda one: (one[0].css, one[0].words)),
            "targets": [t for t in self.told.targets if t["fiscal_year"] == year and t["subject_kind"] != "facility"],
            "operators": [
                {
                    "name": members[0].register["operator"],
                    "href": f"operators/{self.operator_file[operator_id]}.html",
                    "departments": self._departments(members),
                }
                for operator_id, members in self._operators().items()
            ],
            "questions": questions[:MOST_QUESTIONS],
            "more": questions[MOST_QUESTIONS:],
            "more_stake": sum((q["stake"] or Decimal(0) for q in questions[MOST_QUESTIONS:]), Decimal(0)),
            "changes": [self._change(c) for c in self.told.changes[:MOST_CHANGES]],
            "more_changes": max(0, len(self.told.changes) - MOST_CHANGES),
            "largest": self._largest(total),
        }

    def _largest(self, total: Decimal) -> list[dict[str, Any]]:
        """The facilities that make three quarters of the tonnes, the largest first; those not shown are counted and not named."""
        year = self.told.fiscal_year
        amounts = [(f, _kg(f.result(year))) for f in self.told.facilities.values()]
        rows, so_far = [], Decimal(0)
        for facility, kg in sorted(amounts, key=lambda one: (-one[1], one[0].facility_id)):
            if so_far >= total * LARGE_SHARE or not kg:
                break
            so_far += kg
            if facility.facility_id in self.file_of:
                rows.append(
                    {
                        "facility": facility,
                        "kg": kg,
                        "share": kg / total,
                        "so_far": so_far / total,
                        "spark": self._spark(facility),
                    }
                )
        return rows

    def _facility(self, facility: FacilityTold) -> dict[str, Any]:
        year = self.told.fiscal_year
        key, now, names = self.file_of[facility.facility_id], self.told.this_year, self.told.kinds
        today = self.told.today
        results = list(facility.results.values())
        return {
            "facility": facility,
            "result": facility.result(year),
            "running": facility.result(self.told.this_year),
            "against": self._drawn(facility, "against", lambda: site_charts.against(facility, key, year)),
            "months": self._drawn(facility, "months", lambda: site_charts.months(facility, key, year, today, names)),
            "running_months": self._drawn(
                facility, "running", lambda: site_charts.months(facility, f"{key}-{now}", now, today, names)
            ),
            "road": self._road(results, facility.register["name"], key),
            "changes": self._drawn(facility, "changes", lambda: site_charts.changes(facility, key, year, names)),
            "basis": self._drawn(facility, "basis", lambda: self._basis(facility)),
            "pictures": self.pictures[facility.facility_id],
            "policy": policy(images=bool(self.pictures[facility.facility_id])),
            "results": sorted(results, key=lambda r: -r["fiscal_year"]),
            "costs": facility.costs if self.is_internal else {},
        }

    def _road(self, results: Sequence[Row], name: str, key: str) -> site_charts.Figure | None:
        """The way to the target; both sets of pages share it where the same words may be said."""
        said = tuple(site_words.chip(result, is_internal=self.is_internal) for result in results)
        drawn = (key, "road", said)
        if drawn not in self.drawn:
            self.drawn[drawn] = site_charts.target_path(results, name, key, is_internal=self.is_internal)
        return self.drawn[drawn]  # type: ignore[no-any-return]

    def _basis(self, facility: FacilityTold) -> Markup:
        """How its figures came about: nothing of it is for the office alone."""
        years = site_basis.years(facility, self.told.fiscal_year)
        template = self.pages.environment.get_template("site_basis.html")
        return Markup(template.render(years=years, facility_id=facility.facility_id))  # noqa: S704 - the template escapes

    def _change(self, row: Row) -> Row:
        facility = self.told.facilities.get(row["subject_id"]) if row["subject_kind"] == "facility" else None
        name = facility.register["name"] if facility else row["subject_id"]
        is_hidden = facility is not None and facility.facility_id not in self.file_of
        told = verdict_words(row | {"before": row["before_verdict"], "after": row["after_verdict"]}, site_words.JA)
        return row | {"name": "" if is_hidden else name, "before": told["before"], "after": told["after"]}

    def _operators(self) -> dict[str, list[FacilityTold]]:
        found: dict[str, list[FacilityTold]] = defaultdict(list)
        for facility in self.told.facilities.values():
            found[facility.register["operator_id"]].append(facility)
        return found

    def _departments(self, members: Iterable[FacilityTold]) -> list[dict[str, Any]]:
        """The departments in the order of the register: facilities, tonnes, questions, and how their facilities stand."""
        found: dict[str, list[FacilityTold]] = defaultdict(list)
        for facility in members:
            found[facility.register["department"]].append(facility)
        year = self.told.fiscal_year
        rows = []
        for department, own in found.items():
            results = [f.result(year) for f in own]
            stands = Counter(site_words.chip(r, is_internal=self.is_internal) for r in results if r is not None)
            rows.append(
                {
                    "name": department or site_words.say("site_no_department"),
                    "facilities": len(own),
                    "kg": sum(map(_kg, results), Decimal(0)),
                    "questions": sum(len(f.questions) for f in own),
                    "stands": sorted(stands.items(), key=lambda one: (one[0].css, one[0].words)),
                }
            )
        return rows

    def _causes(self) -> list[dict[str, Any]]:
        """Why facilities have no verdict: a cause each, with the facilities and tonnes it keeps from one, the gravest first."""
        year = self.told.fiscal_year
        found: dict[str, list[FacilityTold]] = defaultdict(list)
        for facility in self.told.facilities.values():
            result = facility.result(year)
            if result is not None and result["verdict"] == "undeterminable":
                for cause in site_words.reasons(result):
                    found[cause].append(facility)
        rows = [
            {
                "cause": cause,
                "count": len(blocked),
                "shown": [f for f in blocked if f.facility_id in self.file_of],
                "kg": sum((_kg(f.result(year)) for f in blocked), Decimal(0)),
            }
            for cause, blocked in found.items()
        ]
        return sorted(rows, key=lambda row: (-row["kg"], row["cause"]))

    def _by_kana(self) -> list[tuple[str, list[FacilityTold]]]:
        """The facilities in the order of their reading, under the rows of the syllabary; those without a reading by name."""
        syllabary, others = site_words.say("site_kana").split(), site_words.say("site_others")
        found: dict[str, list[FacilityTold]] = defaultdict(list)
        for facility in sorted(
            self.shown, key=lambda f: (_hiragana(f.register["name_kana"]) or LAST, f.register["name"])
        ):
            kana = _hiragana(facility.register["name_kana"])[:1]
            found[next((row[0] for row in syllabary if kana and kana in row), others)].append(facility)
        return sorted(found.items(), key=lambda one: (one[0] == others, one[0]))

    def _sparks(self, facilities: Iterable[FacilityTold]) -> dict[str, Any]:
        return {facility.facility_id: self._spark(facility) for facility in facilities}

    def _spark(self, facility: FacilityTold) -> Any:  # noqa: ANN401 - markup
        key = self.file_of[facility.facility_id]
        return self._drawn(facility, "spark", lambda: site_charts.spark(facility, key, self.told.today))

    def _drawn(self, facility: FacilityTold, kind: str, draw: Callable[[], Any]) -> Any:  # noqa: ANN401 - a figure or none
        """Draw what both sets of pages show alike once."""
        key = (facility.facility_id, kind)
        if key not in self.drawn:
            self.drawn[key] = draw()
        return self.drawn[key]

    # ------------------------------------------------------------------ writing

    def _link(self, root: str, facility_id: str) -> str:
        """Where the page of a facility is, as seen from a page."""
        return f"{root}facilities/{self.file_of[facility_id]}.html"


def write(city: CityFolder) -> list[Path]:
    """Write both sets of pages, each only where it differs, and return their first pages.

    Raises:
        QueryError: nothing is published yet.
    """
    told, drawn = gather(city.published), Drawn()
    planned = city.settings.schedule.next_after(told.published_time)
    sites = [Site(told, pages, drawn, planned) for pages in folders(city)]
    for meter in read_half_hours.gather(city.published, told.today):
        picture = site_half_hours.draw(meter, told.facilities[meter.facility_id].register["name"])
        for each in sites:
            each.picture(meter.facility_id, picture)
    for each in sites:
        each.write()
    return [city.pages / "index.html", city.pages_internal / "index.html"]


def _kg(result: Row | None) -> Decimal:
    """Return what is known of a result on the plan's basis; one that is judged on another stands in no sum of it."""
    if result is None or result["basis"] != PLAN:
        return Decimal(0)
    return result["actual_low_co2e_kg"] or Decimal(0)


def _hiragana(text: str) -> str:
    return "".join(chr(ord(sign) - 0x60) if "ァ" <= sign <= "ヶ" else sign for sign in text)

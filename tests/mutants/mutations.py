"""The mutations: a file, a short text of it, what stands there instead, what that breaks, and the tests that see what no check sees.

Anchored by text: a mutation whose text is not found exactly once is an error of this list.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of our own program."""

    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file without folder names of the package, and what breaks."""
        return f"{self.file.removeprefix('pipelines/')}: {self.breaks}"


ENERGY, EMISSIONS, TARGETS = "pipelines/energy", "pipelines/emissions", "pipelines/targets"
MUTATIONS = (
    # readings
    Mutation(
        "pipelines/readings/readings.sql",
        "c.received_at AS known_from, l.known_to",
        "c.received_at AS known_from, NULL AS known_to",
        "losers stay in use",
    ),
    Mutation(
        "pipelines/readings/simple_losers.sql",
        "WHERE o.place > 1",
        "WHERE o.place > 2",
        "two values of one period accepted",
    ),
    Mutation(
        "pipelines/readings/source_files.sql", "coalesce(held.quarantined, 0) + ", "", "held-back values not counted"
    ),
    Mutation(
        "pipelines/readings/register_uses.sql",
        "register_value - opened_value AS DEC",
        "register_value + opened_value AS DEC",
        "wrong sign of a register's use",
        ("tests/readings/test_registers.py",),
    ),
    # energy
    Mutation(
        f"{ENERGY}/meter_days.sql",
        "place < micro(quantity) % days",
        "place <= micro(quantity) % days",
        "a millionth too much a bill",
    ),
    Mutation(
        f"{ENERGY}/meter_days.sql",
        "CAST(first_date + CAST(place AS INTEGER) AS DATE) AS local_date,\n        from_micro(micro",
        "CAST(first_date + CAST(place AS INTEGER) + 1 AS DATE) AS local_date,\n        from_micro(micro",
        "bills a day late: the edge of the fiscal year",
    ),
    Mutation(
        f"{ENERGY}/counted_readings.sql",
        "AND r.started_at >= v.since",
        "AND r.started_at > v.since",
        "a join that loses the first reading",
    ),
    Mutation(f"{ENERGY}/counted_readings.sql", "* coalesce(m.multiplier, 1)", "", "the meter's multiplier lost"),
    Mutation(
        f"{ENERGY}/counted_days.sql",
        "ON v.meter_id = d.meter_id AND v.reading_kind = d.reading_kind",
        "ON v.meter_id = d.meter_id",
        "bills and intervals both counted",
    ),
    Mutation(f"{ENERGY}/expected_days.sql", "CAST($today AS DATE)", "CAST($today AS DATE) - 100", "expected days lost"),
    Mutation(f"{ENERGY}/energy_by_meter_day.sql", "THEN -quantity ELSE", "THEN quantity ELSE", "a deduction added"),
    Mutation(
        f"{ENERGY}/energy_by_meter_day.sql",
        "half_even9(a.quantity, c.multiplier14)",
        "half_even9(a.quantity + a.quantity, c.multiplier14)",
        "energy doubled",
    ),
    Mutation(
        f"{ENERGY}/energy_by_meter_day.sql",
        "a.local_date < c.valid_to",
        "a.local_date <= c.valid_to",
        "edges of heat contents counted twice",
    ),
    Mutation(
        f"{ENERGY}/energy_by_meter_day.sql",
        "AND c.time_band = a.time_band",
        "AND c.time_band <> a.time_band",
        "a lost band",
    ),
    Mutation(
        f"{ENERGY}/energy_by_meter_day.sql",
        "j.local_date < a.valid_to",
        "j.local_date <= a.valid_to",
        "old and new share on one day",
    ),
    Mutation(f"{ENERGY}/allocations.py", "(facility, -share)", "(facility, share)", "what is taken off is added"),
    Mutation(f"{ENERGY}/allocations.py", "s.since <= day < s.until", "s.since < day < s.until", "the first share lost"),
    Mutation(
        f"{ENERGY}/allocations.py",
        'return [(OUTSIDE, ONE), *_taken(above)]\n    if version.role == "export"',
        'return [(OUTSIDE, ONE)]\n    if version.role == "export"',
        "a tenant counted at the facility",
    ),
    Mutation(
        f"{ENERGY}/interpolated_days.sql",
        "g.daily_limit AS high_quantity",
        "0 AS high_quantity",
        "the upper bound of a filled day lost",
    ),
    Mutation(
        f"{ENERGY}/judged_days.sql",
        "WHEN NOT is_covered THEN 'missing'",
        "WHEN NOT is_covered THEN 'measured'",
        "part of a day taken for all of it",
        ("tests/energy/test_days.py", "tests/targets/test_verdicts.py"),
    ),
    Mutation(
        f"{ENERGY}/judged_days.sql",
        "rule IN ('bill_differs', 'deliveries_differ', 'stock_unknown', 'held_back') THEN c.quantity IS NOT NULL",
        "rule IN ('bill_differs', 'deliveries_differ', 'stock_unknown', 'held_back') THEN false",
        "the doubts of slips and bills dropped",
        ("tests/review/test_review.py",),
    ),
    Mutation(
        f"{ENERGY}/judged_days.sql",
        "WHEN rule LIKE 'zero_%' THEN c.is_all_zero AND (c.is_covered OR c.reading_kind = 'delivery')",
        "WHEN rule LIKE 'zero_%' THEN c.is_all_zero AND c.reading_kind = 'delivery'",
        "the doubt of zeros dropped",
        ("tests/energy/test_doubts.py",),
    ),
    Mutation(
        f"{ENERGY}/judged_days.sql",
        "WHERE o.seen_quantity IS NOT DISTINCT FROM (",
        "WHERE true OR o.seen_quantity IS NOT DISTINCT FROM (",
        "an answer that outlives the values it saw",
        ("tests/energy/test_doubts.py",),
    ),
    Mutation(
        f"{ENERGY}/energy_by_meter_day.sql",
        "WHEN j.state = 'doubtful' AND m.daily_limit IS NOT NULL",
        "WHEN j.state = 'doubtful' AND m.daily_limit IS NULL",
        "bounds where the registers state none",
        ("tests/energy/test_doubts.py",),
    ),
    Mutation(
        f"{ENERGY}/meter_zeros.sql",
        "zero_years * 2 > possible",
        "zero_years * 2 >= possible",
        "half of the years make a season one of zeros",
        ("tests/energy/test_doubts.py",),
    ),
    Mutation(
        f"{ENERGY}/standstills.sql",
        "WHERE r.hours >= CAST($standstill_hours AS INTEGER)",
        "WHERE r.hours > CAST($standstill_hours AS INTEGER)",
        "48 hours of standing still are not enough",
        ("tests/energy/test_doubts.py",),
    ),
    Mutation(
        f"{EMISSIONS}/bill_years.sql",
        "first_date - before IN (0, 1)",
        "first_date - before >= 0",
        "a hole between twelve bills",
        ("tests/emissions/test_bill_years.py",),
    ),
    # emissions
    Mutation(
        f"{EMISSIONS}/days_to_count.sql",
        "facility_share <> 0 AND",
        "facility_share > 0 AND",
        "deductions lost on the way",
    ),
    Mutation(
        f"{EMISSIONS}/all_emission_days.sql",
        "half_even9(quantity, multiplier14)",
        "half_even9(quantity + quantity, multiplier14)",
        "a doubled sum",
    ),
    Mutation(
        f"{EMISSIONS}/all_emission_days.sql",
        "e.counted_on < c.valid_to",
        "e.counted_on <= c.valid_to",
        "edges of factors counted twice",
    ),
    Mutation(
        f"{EMISSIONS}/all_emission_days.sql",
        "half_even9(emissions_kg, CAST(gwp_value AS DECIMAL(18, 9)))",
        "emissions_kg",
        "no warming potential",
    ),
    Mutation(
        f"{EMISSIONS}/activity_candidates.sql",
        "AND m.valid_from < coalesce(g.valid_to",
        "AND m.valid_from >= coalesce(g.valid_to",
        "wrong period of the warming potential",
    ),
    Mutation(
        f"{EMISSIONS}/activity_choices.sql",
        "PARTITION BY c.activity_source_id, c.substance, c.gas, c.valid_from ORDER",
        "PARTITION BY c.activity_source_id, c.substance, c.valid_from ORDER",
        "a lost gas",
    ),
    Mutation(
        f"{EMISSIONS}/plain_activity_days.sql",
        "place < micro(quantity) % days",
        "place <= micro(quantity) % days",
        "a millionth too much a report",
    ),
    Mutation(
        f"{EMISSIONS}/plain_activity_days.sql",
        "coalesce(f.closed_on, s.until), ",
        "",
        "a closed facility still expected",
    ),
    Mutation(
        f"{EMISSIONS}/bounded_days.sql",
        "CAST(f.known_high_kg AS DECIMAL(28, 9)) * b.high",
        "CAST(f.known_high_kg AS DECIMAL(28, 9)) * b.low",
        "swapped low and high of a factor",
    ),
    Mutation(
        f"{EMISSIONS}/bounded_days.sql",
        "OR NOT f.is_bounded THEN 0",
        "THEN 0",
        "bounds of what has none",
        ("tests/targets/test_verdicts.py", "tests/targets/test_removal.py"),
    ),
    Mutation(
        f"{EMISSIONS}/bounded_days.sql",
        "(state IN ('measured', 'estimated') OR",
        "(state IN ('measured', 'estimated', 'doubtful') OR",
        "doubtful days taken for final",
        ("tests/energy/test_doubts.py",),
    ),
    Mutation(
        f"{EMISSIONS}/bounded_days.sql",
        "WHERE facility_share < 0 AND NOT is_bounded",
        "WHERE facility_share < 0 AND is_bounded",
        "an unknown deduction taken for known",
        ("tests/energy/test_allocations.py",),
    ),
    Mutation(
        f"{EMISSIONS}/emissions_by_source_month.sql",
        "b.counted_on < s.valid_to",
        "b.counted_on <= s.valid_to",
        "the day of a move counted twice",
    ),
    Mutation(
        f"{EMISSIONS}/emissions_by_source_month.sql",
        "FILTER (NOT b.is_final)), 0) AS open_days",
        "FILTER (NOT b.is_final AND b.is_final)), 0) AS open_days",
        "open days lost",
        ("tests/targets/test_verdicts.py",),
    ),
    Mutation(
        f"{EMISSIONS}/emissions_by_source_month.sql",
        "THEN 'by_day' ELSE 'twelve_bills' END",
        "THEN 'twelve_bills' ELSE 'by_day' END",
        "the wrong rule of the year",
    ),
    Mutation(
        f"{EMISSIONS}/emissions_by_cause_gas_fiscal_year.sql",
        "c.basis, c.cause, c.gas, c.valid_from",
        "c.basis, c.cause, c.valid_from",
        "a lost gas of a cause",
    ),
    Mutation(
        f"{EMISSIONS}/emissions_by_facility_fiscal_year.sql",
        "coalesce(sum(co2e_kg) FILTER (gas <> 'NF3'), 0)",
        "coalesce(max(co2e_kg) FILTER (gas <> 'NF3'), 0)",
        "the largest month for the year",
    ),
    Mutation(
        f"{EMISSIONS}/emissions_by_subject_fiscal_year.sql",
        "s.valid_from = m.valid_from",
        "s.valid_from <= m.valid_from",
        "a moved facility counted with two operators",
    ),
    Mutation(
        f"{EMISSIONS}/bill_spans.sql",
        "GROUP BY meter_id, fiscal_year_of(last_date)",
        "GROUP BY meter_id, fiscal_year_of(last_date) HAVING false",
        "bills cut at 1 April under twelve bills",
        ("tests/emissions/test_rules_of_the_year.py",),
    ),
    # targets
    Mutation(
        f"{TARGETS}/judged.sql",
        "WHEN actual_high <= allowed_low",
        "WHEN actual_low <= allowed_low",
        "the lower bound earns 達成",
    ),
    Mutation(
        f"{TARGETS}/judged.sql",
        "WHEN actual_high <= allowed_low",
        "WHEN actual_high < allowed_low",
        "exactly the allowed amount missed",
        ("tests/targets/test_verdicts.py",),
    ),
    Mutation(
        f"{TARGETS}/judged.sql", "WHEN actual_low > allowed_high", "WHEN actual_low < allowed_high", "未達 turned round"
    ),
    Mutation(
        f"{TARGETS}/macros/intervals.sql", "* num) // den", "* num + den - 1) // den", "the allowed amount rounded up"
    ),
    Mutation(
        f"{TARGETS}/in_force.sql",
        "t.adopted_on < make_date(p.fiscal_year + 1, 4, 1)",
        "t.adopted_on < make_date(p.fiscal_year + 2, 4, 1)",
        "a later target judges a closed year",
    ),
    Mutation(
        f"{TARGETS}/in_force.sql",
        "p.fiscal_year > t.base_fy",
        "p.fiscal_year > t.base_fy + 1",
        "the first year of a target lost",
    ),
    Mutation(
        f"{TARGETS}/facility_cases.sql",
        "CASE WHEN g.subject_kind = 'facility' THEN g.base_kg END AS base_kg",
        "g.base_kg",
        "the baseline of the city inherited",
    ),
    Mutation(
        f"{TARGETS}/subject_years.sql",
        "CASE WHEN sum(open_days) = 0 THEN sum(high) END AS high",
        "sum(high) AS high",
        "an upper bound with open days",
    ),
    Mutation(
        f"{TARGETS}/members.sql",
        "t.subject_kind = 'operator' AND s.operator_id = t.subject_id",
        "t.subject_kind = 'operator'",
        "a filter too wide: every operator's facilities",
    ),
    Mutation(
        f"{TARGETS}/facility_states.sql",
        "AND t.closed_on > t.year_start OR",
        "AND t.closed_on >= t.year_end OR",
        "the last year of a facility lost",
    ),
    Mutation(
        f"{TARGETS}/paths.py",
        "(next_rate - rate) * Fraction(fiscal_year - year, ",
        "(next_rate - rate) * Fraction(fiscal_year - year - 1, ",
        "the path a year late",
    ),
    Mutation(
        f"{TARGETS}/paths.py",
        "(next_value - value) * Fraction(fiscal_year - year, ",
        "(next_value - value) * Fraction(fiscal_year - year - 1, ",
        "the amounts a year late",
        tests=("tests/targets/test_amounts.py",),
    ),
    Mutation(
        f"{TARGETS}/paths.py",
        "self.base_fy < point[0] < self.target_fy",
        "self.base_fy < point[0] < self.base_fy",
        "milestones ignored",
    ),
    # the Act, flags, warehouse
    Mutation(
        "pipelines/energy_act/post_holders.sql",
        "PARTITION BY n.facility_id, n.required_post",
        "PARTITION BY n.facility_id",
        "one post for all",
        ("tests/flags/test_rules.py",),
    ),
    Mutation(
        "pipelines/flags/over_path.sql",
        "WHERE verdict = 'not_achieved'",
        "WHERE verdict = 'achieved'",
        "no flag where the path is missed",
    ),
    Mutation(
        "pipelines/flags/build.py",
        "return first.get(flag.facility_id) or second.get(flag.facility_id)",
        "return first.get(flag.rule_id) or second.get(flag.rule_id)",
        "flags without their owner",
        ("tests/flags/test_rules.py",),
    ),
    Mutation(
        "pipelines/flags/data_missing.sql",
        "d.state = 'missing' AND d.expected",
        "d.state = 'missing' AND NOT d.expected",
        "missing data not flagged",
        ("tests/flags/test_rules.py",),
    ),
    Mutation(
        "pipelines/history/totals.py",
        "if before.totals.get(k) != after.get(k)",
        "if before.totals.get(k) == after.get(k)",
        "changes of closed years untold",
        ("tests/run/test_restate.py",),
    ),
    Mutation(
        "pipelines/run/restate.py",
        "parts[cause] = reached - last",
        "parts[cause] = last - reached",
        "causes with the wrong sign",
        ("tests/run/test_restate.py",),
    ),
)

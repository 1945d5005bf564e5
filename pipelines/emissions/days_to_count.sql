-- days_to_count: the days of energy as they enter fiscal years: by day, and for the meters that the city counts by twelve
-- bills once more, each day in the year of its bill and on the day whose factors serve it (counted_on); after the last bill
-- of a year that is covered by its bills, a day belongs to the next year's first one, whether that has come or not. A day goes to
-- another year only where that one is counted by bills too on the basis, so that none is in no year. Water is in no year.
-- Inputs: energy_by_meter_day, bill_years, bill_spans, energy_choices.
WITH placed AS (
    SELECT * EXCLUDE (undivided_quantity, meter_quantity, facility_quantity)
    FROM energy_by_meter_day
    WHERE facility_share <> 0 AND facility_id <> 'outside' AND is_energy(energy_type)
),
billed AS (
    SELECT
        e.*, r.basis AS only_basis, coalesce(n.rule_id, y.rule_id) AS year_rule_id, coalesce(n.fiscal_year, y.fiscal_year) AS fiscal_year,
        CASE WHEN n.fiscal_year IS NULL THEN e.local_date ELSE make_date(n.fiscal_year, 4, 1) END AS counted_on
    FROM placed AS e
    JOIN (SELECT DISTINCT meter_id, basis FROM bill_years) AS r ON r.meter_id = e.meter_id
    LEFT JOIN bill_spans AS s ON s.meter_id = e.meter_id AND e.local_date >= s.valid_from AND e.local_date < s.valid_to
    LEFT JOIN bill_years AS y ON y.meter_id = e.meter_id AND y.basis = r.basis AND y.fiscal_year = fiscal_year_of(e.local_date)
    LEFT JOIN bill_years AS n
        ON n.meter_id = e.meter_id AND n.basis = r.basis
        AND n.fiscal_year = coalesce(s.fiscal_year, CASE WHEN y.is_whole AND e.local_date > y.last_date THEN y.fiscal_year + 1 END)
)
SELECT 'by_day' AS year_rule, NULL AS only_basis, NULL AS year_rule_id, fiscal_year_of(local_date) AS fiscal_year, local_date AS counted_on, *
FROM placed
UNION ALL BY NAME
SELECT
    'twelve_bills' AS year_rule, b.* REPLACE (
        CASE WHEN b.counted_on = b.local_date THEN b.energy_gj
            ELSE CAST(half_even9(b.quantity, c.multiplier14) AS DECIMAL(18, 9)) END AS energy_gj)
FROM billed AS b
LEFT JOIN energy_choices AS c
    ON c.meter_id = b.meter_id AND c.time_band = b.time_band AND c.unit = b.unit
    AND b.counted_on >= c.valid_from AND b.counted_on < c.valid_to
WHERE b.fiscal_year IS NOT NULL

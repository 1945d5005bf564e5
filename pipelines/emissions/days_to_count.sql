-- days_to_count: the days of energy as they enter fiscal years: by day, and for the meters that the city counts by twelve
-- bills once more, each day in the year of its bill and on the day whose factors serve it (counted_on); after the last bill
-- of a year that is covered by its bills, a day belongs to the next year's first one, whether that has come or not.
-- Inputs: energy_by_meter_day, bill_years, bill_spans, energy_choices.
WITH placed AS (
    SELECT * FROM energy_by_meter_day WHERE facility_share <> 0 AND facility_id <> 'outside'
),
billed AS (
    SELECT
        e.*, coalesce(s.fiscal_year, w.fiscal_year + 1, fiscal_year_of(e.local_date)) AS fiscal_year,
        CASE WHEN coalesce(s.fiscal_year, w.fiscal_year + 1) IS NULL THEN e.local_date
            ELSE make_date(coalesce(s.fiscal_year, w.fiscal_year + 1), 4, 1) END AS counted_on
    FROM placed AS e
    LEFT JOIN (SELECT DISTINCT meter_id, fiscal_year, last_date FROM bill_years WHERE is_whole) AS w
        ON w.meter_id = e.meter_id AND w.fiscal_year = fiscal_year_of(e.local_date) AND e.local_date > w.last_date
    LEFT JOIN bill_spans AS s ON s.meter_id = e.meter_id AND e.local_date >= s.valid_from AND e.local_date < s.valid_to
    WHERE e.meter_id IN (SELECT meter_id FROM bill_years)
)
SELECT 'by_day' AS year_rule, NULL AS only_basis, NULL AS year_rule_id, fiscal_year_of(local_date) AS fiscal_year, local_date AS counted_on, *
FROM placed
UNION ALL BY NAME
SELECT
    'twelve_bills' AS year_rule, y.basis AS only_basis, y.rule_id AS year_rule_id, b.* REPLACE (
        CASE WHEN b.counted_on = b.local_date THEN b.energy_gj
            ELSE CAST(half_even9(b.quantity, c.multiplier14) AS DECIMAL(18, 9)) END AS energy_gj)
FROM billed AS b
JOIN bill_years AS y ON y.meter_id = b.meter_id AND y.fiscal_year = b.fiscal_year
LEFT JOIN energy_choices AS c
    ON c.meter_id = b.meter_id AND c.time_band = b.time_band AND c.unit = b.unit
    AND b.counted_on >= c.valid_from AND b.counted_on < c.valid_to

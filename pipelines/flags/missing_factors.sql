-- missing_factors: every meter and basis whose energy of a fiscal year finds no factor, with its supplier and the reason; one
-- finding each, so that it is plain what to enter where. Inputs: energy_by_meter_day, factor_choices, meter_segments.
WITH used AS (
    SELECT meter_id, unit, fiscal_year_of(local_date) AS fiscal_year, min(facility_id) AS facility_id, any_value(energy_type) AS energy_type
    FROM energy_by_meter_day
    WHERE quantity <> 0 AND facility_share > 0
    GROUP BY ALL
)
SELECT
    u.facility_id, u.meter_id, c.basis, c.reason, any_value(u.energy_type) AS energy_type, min(u.fiscal_year) AS first_fy,
    max(u.fiscal_year) AS last_fy, any_value(concat_ws(' ', s.supplier_no, s.supplier, s.menu)) AS contract,
    arg_max(s.supplier_no, u.fiscal_year) AS supplier_no, arg_max(s.supplier, u.fiscal_year) AS supplier, arg_max(s.menu, u.fiscal_year) AS menu,
    any_value(c.candidates) AS candidates
FROM used AS u
JOIN factor_choices AS c
    ON c.meter_id = u.meter_id AND c.unit = u.unit AND fiscal_year_of(c.valid_from) = u.fiscal_year AND NOT c.is_extended
JOIN meter_segments AS s ON s.meter_id = c.meter_id AND s.valid_from = c.valid_from
WHERE c.reason IS NOT NULL AND c.reason <> 'not_in_basis'
GROUP BY u.facility_id, u.meter_id, c.basis, c.reason

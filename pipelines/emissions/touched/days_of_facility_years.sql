-- days_of_facility_years: every day of the touched fiscal years of facilities. Input: touched_facility_years.
SELECT facility_id, CAST(unnest(generate_series(CAST(make_date(fiscal_year, 4, 1) AS TIMESTAMP),
    CAST(make_date(fiscal_year + 1, 3, 31) AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
FROM touched_facility_years

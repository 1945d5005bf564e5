-- use_class_comparison: each city's CO2 and energy per square metre of a use class beside the middle of all cities.
-- Only facilities that are covered wholly and whose floor area is known are compared. Input: use_class_years.
WITH each AS (
    SELECT
        city, use_class, fiscal_year, basis, comparable_facilities,
        CAST(comparable_co2e_kg AS DOUBLE) / CAST(comparable_floor_area_m2 AS DOUBLE) AS kg_per_m2,
        CAST(comparable_energy_gj AS DOUBLE) / CAST(comparable_floor_area_m2 AS DOUBLE) AS gj_per_m2
    FROM use_class_years
    WHERE comparable_floor_area_m2 > 0
)
SELECT *, count(*) OVER alike AS cities, median(kg_per_m2) OVER alike AS median_kg_per_m2, median(gj_per_m2) OVER alike AS median_gj_per_m2
FROM each
WINDOW alike AS (PARTITION BY use_class, fiscal_year, basis)

-- meter_names: one row per word that may name a meter (id, supply point, alias) and period in which it does; our own entry workbook
-- says city/id, so that another city's workbook names none of our meters.
-- runs_to: how far the meter's validity goes on without a gap, so that a bill may cross two rows of the register.
-- same_until: how far its multiplier (CT ratio) stays the same; what crosses that cannot be counted as one value.
-- Input: meters. Parameter: city.
WITH versions AS (
    SELECT
        *, coalesce(valid_from, DATE '0001-01-01') AS since, coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters
),
chains AS (
    SELECT *, sum(CASE WHEN since = previous_until THEN 0 ELSE 1 END) OVER (PARTITION BY meter_id ORDER BY since) AS chain
    FROM (SELECT *, lag(until) OVER (PARTITION BY meter_id ORDER BY since) AS previous_until FROM versions)
),
ratios AS (
    SELECT *, sum(CASE WHEN coalesce(multiplier, 1) = previous_multiplier AND since = previous_until THEN 0 ELSE 1 END)
        OVER (PARTITION BY meter_id ORDER BY since) AS ratio
    FROM (SELECT *, lag(coalesce(multiplier, 1)) OVER (PARTITION BY meter_id ORDER BY since) AS previous_multiplier FROM chains)
),
reach AS (
    SELECT *, max(until) OVER (PARTITION BY meter_id, chain) AS runs_to,
        max(until) OVER (PARTITION BY meter_id, ratio) AS same_until
    FROM ratios
),
words AS (
    SELECT *, meter_id AS word FROM reach
    UNION ALL
    SELECT *, CAST($city AS VARCHAR) || '/' || meter_id AS word FROM reach
    UNION ALL
    SELECT *, supply_point AS word FROM reach WHERE supply_point IS NOT NULL
    UNION ALL
    SELECT *, trim(unnest(string_split(aliases, ';'))) AS word FROM reach WHERE aliases IS NOT NULL
)
SELECT DISTINCT
    word, meter_id, energy_type, unit, reading_kind, coalesce(multiplier, 1) AS multiplier, since, until, runs_to,
    same_until
FROM words
WHERE word <> ''

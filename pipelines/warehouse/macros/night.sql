-- Functions of the statements of a night.

-- months_of: the first days of the months that a period touches, its last day among them.
CREATE OR REPLACE MACRO months_of(since, until) AS
        generate_series(date_trunc('month', CAST(since AS TIMESTAMP)), CAST(until AS TIMESTAMP), INTERVAL 1 MONTH);

-- How far a rule looks in time stands here once, for the rule's own statement and for the one that says what a night touches.
-- is_future: a value of a day that is not over is held back until it is.
CREATE OR REPLACE MACRO is_future(ended_at, today) AS CAST(ended_at AS DATE) > CAST(today AS DATE) + 1;

-- value_rule: the rule that a value breaks by itself, whosever it is and whatever came before; empty: none.
CREATE OR REPLACE MACRO value_rule(record, quantity, moisture_percent, ended_at, today) AS CASE
    WHEN is_future(ended_at, today) THEN 'in_the_future'
    WHEN quantity < 0 AND record <> 'weather' THEN 'negative_quantity'
    WHEN record = 'composition' AND (quantity > 100 OR moisture_percent < 0 OR moisture_percent >= 100) THEN 'not_a_percent'
END;
-- near_days: where a value of at most a day may overlap one of this day.
CREATE OR REPLACE MACRO near_days(day) AS [day - 1, day, day + 1];
-- most_days, least_days: between two reading days of a meter whose usual distance is known; beyond that one is missing between, below
-- that one may be there twice.
CREATE OR REPLACE MACRO most_days(usual) AS 1.5 * usual;
CREATE OR REPLACE MACRO least_days(usual) AS 0.5 * usual;
-- similar_days: a missing day is filled from days that lie so near.
CREATE OR REPLACE MACRO similar_days() AS 28;
-- slip_first, slip_last: the months of the year, from one number to another, that a bill or month is compared in, one more on each
-- side (slip_margin) unless it is longer than half a year.
CREATE OR REPLACE MACRO slip_margin(since, until) AS CASE WHEN until - since <= 190 THEN 1 ELSE 0 END;
CREATE OR REPLACE MACRO slip_first(since, until) AS year(since) * 12 + month(since) - slip_margin(since, until);
CREATE OR REPLACE MACRO slip_last(since, until) AS year(CAST(until - 1 AS DATE)) * 12 + month(CAST(until - 1 AS DATE)) + slip_margin(since, until);
CREATE OR REPLACE MACRO is_slip_season(season, since, until) AS
        (season - slip_first(since, until) % 12 + 12) % 12 <= slip_last(since, until) - slip_first(since, until);
-- years_lacking: the fiscal years that could serve a period as fellows (so many before and after it) and do not, for a person to read.
CREATE OR REPLACE MACRO years_lacking(since, before, after, shifts) AS
        coalesce(nullif(array_to_string(list_transform(list_filter(range(-before, after + 1), lambda n: n <> 0 AND NOT list_contains(shifts, n)),
            lambda n: fiscal_year_of(since) + n), ', '), ''), '-');

-- share_of: q times part of whole, cut to whole millionths (never rounded up).
CREATE OR REPLACE MACRO micro(q) AS CAST(floor(q) AS BIGINT) * 1000000
        + CAST(CAST(q - floor(q) AS DECIMAL(7, 6)) * 1000000 AS BIGINT);
CREATE OR REPLACE MACRO from_micro(n) AS CAST(CAST(n AS DECIMAL(28, 0)) * 0.000001 AS DECIMAL(18, 6));
CREATE OR REPLACE MACRO share_of(q, part, whole) AS CASE WHEN whole > 0 THEN
        from_micro(CAST(micro(q) AS HUGEINT) * micro(part) // micro(whole)) ELSE CAST(0 AS DECIMAL(18, 6)) END;

CREATE OR REPLACE MACRO second_of_day(d, t) AS date_diff('second', CAST(d AS TIMESTAMP), t);
CREATE OR REPLACE MACRO minutes_of(since, until) AS date_diff('minute', since, until);

-- stage_order, quality_order: how a statement stands before others by its stage and its quality; 1 goes first.
CREATE OR REPLACE MACRO stage_order(stage) AS CASE stage WHEN 'corrected' THEN 1 WHEN 'confirmed' THEN 2 ELSE 3 END;
CREATE OR REPLACE MACRO quality_order(quality) AS CASE WHEN quality IN ('supplier_estimated', 'interpolated') THEN 2 ELSE 1 END;

-- are_slots_apart: the readings that begin on one day are equal slots (a quarter of an hour to a day long, each starting on a
-- multiple of its length), every one taken once, so none overlaps another: seen without sorting.
CREATE OR REPLACE MACRO are_slots_apart(since, until) AS
        min(minutes_of(since, until)) = max(minutes_of(since, until)) AND min(minutes_of(since, until)) >= 15
            AND max(minutes_of(since, until)) <= 1440
            AND bool_and(minutes_of(date_trunc('day', since), since) % greatest(minutes_of(since, until), 1) = 0 AND second(since) = 0)
            AND count(*) = bit_count(bit_or(
                CAST(1 AS HUGEINT) << CAST(least(minutes_of(date_trunc('day', since), since) // 15, 100) AS HUGEINT)));

-- ratios_differ: what two bills charge does not follow their registers by one ratio, though each charge may be cut to a whole unit. Both
-- registers moved forward; unknown where there is no other one.
CREATE OR REPLACE MACRO ratios_differ(q, moved, other_q, other_moved) AS CASE WHEN other_moved > 0 THEN
        abs(CAST(micro(q) AS HUGEINT) * micro(other_moved) - CAST(micro(other_q) AS HUGEINT) * micro(moved))
            >= (CAST(micro(moved) AS HUGEINT) + micro(other_moved)) * 1000000 END;

-- last_day_within: the last day of a period of months that begins with an event on a day, as 民法140条 and 143条 count: the day of the event
-- is not counted, and the period ends on the eve of the day that answers to its first; where a month has no such day, on its last.
CREATE OR REPLACE MACRO months_later(day, months) AS CAST(day + to_months(CAST(months AS INTEGER)) AS DATE);
CREATE OR REPLACE MACRO last_day_within(event, months) AS CASE
    WHEN day(months_later(event + 1, months)) = day(event + 1) THEN months_later(event + 1, months) - 1
    ELSE months_later(event + 1, months) END;
-- next_july_end: the next end of July, on a day or after it.
CREATE OR REPLACE MACRO next_july_end(since) AS make_date(CAST(year(since) + CASE WHEN month(since) > 7 THEN 1 ELSE 0 END AS INTEGER), 7, 31);
-- course_until: the last day for the course that follows one taken on a day: three years from the start of the fiscal year after it.
CREATE OR REPLACE MACRO course_until(taken_on) AS make_date(fiscal_year_of(taken_on) + 4, 3, 31);

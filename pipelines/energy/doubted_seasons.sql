-- doubted_seasons: the histories (supply points) and months of the year whose periods are compared with each other: all.
-- Input: histories.
SELECT DISTINCT history, season FROM histories CROSS JOIN (SELECT unnest(range(0, 12)) AS season)

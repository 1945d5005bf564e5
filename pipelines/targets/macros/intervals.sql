-- allowed_amount: baseline x share, cut (never rounded up) at a millionth of a gram, in whole numbers throughout.
CREATE OR REPLACE MACRO allowed_amount(baseline, num, den) AS
    CAST(CAST((CAST(CAST(baseline AS DECIMAL(28, 9)) * 1000000000 AS HUGEINT) * num) // den AS DECIMAL(29, 0))
        * 0.000000001 AS DECIMAL(38, 9));
CREATE OR REPLACE MACRO listed(texts) AS list_filter(string_split(texts, ';'), lambda r: r <> '');
CREATE OR REPLACE MACRO reason_list(texts) AS
    nullif(array_to_string(list_sort(list_distinct(listed(texts))), ';'), '');
CREATE OR REPLACE MACRO of_baseline(texts) AS
    array_to_string(list_transform(listed(texts), lambda r: 'baseline:' || r), ';');

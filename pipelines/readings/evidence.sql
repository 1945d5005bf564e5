-- evidence: one row per value whose row names the file that proves it (証憑): where that file lies, what it held, and whether it still does.
-- The name is meant from the folder of the file that names it; one that leads out of there is taken for none. A file is bound as it was when the
-- row came, or else as it came first afterwards; another content under the same path later is told, until the row is sent again.
-- Inputs: readings, source_files.
WITH arrived AS (
    SELECT sha256, received_at, CASE WHEN source = '.' THEN path ELSE source || '/' || path END AS place FROM source_files
),
told AS (
    SELECT
        r.source_sha256, r.source_member, r.source_line, r.source_column, r.meter_id, r.started_at, r.ended_at, r.evidence_name, r.known_from,
        any_value(a.place ORDER BY a.received_at, a.place) AS stated_in
    FROM readings AS r
    JOIN arrived AS a ON a.sha256 = r.source_sha256
    WHERE r.evidence_name IS NOT NULL
    GROUP BY ALL
),
named AS (
    SELECT
        *, regexp_replace(replace(evidence_name, '\', '/'), '^(\./)+', '') AS bare,
        starts_with(bare, '/') OR contains(bare, ':') OR list_contains(string_split(bare, '/'), '..') AS is_outside,
        regexp_replace(stated_in, '[^/]*$', '') || bare AS wanted
    FROM told
),
found AS (
    SELECT
        n.* EXCLUDE (bare, wanted), arg_max(a.sha256, a.received_at) FILTER (a.received_at <= n.known_from) AS before, arg_min(a.sha256, a.received_at) AS first_content,
        arg_max(a.sha256, a.received_at) AS last_content, arg_max(a.place, a.received_at) AS evidence_path
    FROM named AS n
    LEFT JOIN arrived AS a ON NOT n.is_outside AND lower(nfc_normalize(a.place)) = lower(nfc_normalize(n.wanted))
    GROUP BY ALL
)
SELECT
    source_sha256, source_member, source_line, source_column, meter_id, started_at, ended_at, stated_in, evidence_name, evidence_path,
    coalesce(before, first_content) AS evidence_sha256,
    CASE WHEN is_outside THEN 'outside' WHEN first_content IS NULL THEN 'missing' WHEN evidence_sha256 <> last_content THEN 'changed' ELSE 'bound' END
        AS evidence_state
FROM found

-- When a condition of affected hosts was first and last reported, by any host; the newest first.
SELECT c.kind, c.name, MIN(r.taken_at) AS first_seen, MAX(r.taken_at) AS last_seen, COUNT(DISTINCT r.host) AS hosts
FROM conditions c
JOIN reports r ON r.report = c.report
JOIN contingency t ON t.kind = c.kind AND t.name = c.name
WHERE r.taken_at <> '' AND t.affected_with >= 2
GROUP BY c.kind, c.name
ORDER BY first_seen DESC, last_seen DESC, c.kind, c.name;

-- Conditions that exactly the same hosts have: as many hosts have both as have either.
WITH sizes AS (
  SELECT kind, name, affected_with + healthy_with AS hosts
  FROM contingency
  WHERE affected_with >= 2 AND kind NOT IN ('death', 'signature', 'finding')
),
sized AS (
  SELECT c.host, c.kind, c.name, s.hosts
  FROM host_conditions c
  JOIN sizes s ON s.kind = c.kind AND s.name = c.name
)
SELECT a.kind, a.name, b.kind AS same_kind, b.name AS same_name, a.hosts
FROM sized a
JOIN sized b ON b.host = a.host AND b.hosts = a.hosts
WHERE a.kind < b.kind OR (a.kind = b.kind AND a.name < b.name)
GROUP BY a.kind, a.name, b.kind, b.name, a.hosts
HAVING COUNT(*) = a.hosts
ORDER BY a.hosts DESC, a.kind, a.name, b.kind, b.name;

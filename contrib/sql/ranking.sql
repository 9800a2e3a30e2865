-- What sets the affected hosts apart, the least likely by chance first: Fisher's exact test, one-sided, as
-- `liveprobe correlate` computes it; log10_p is the logarithm of the probability to the base ten.
WITH numbers AS (
  -- 0 up to the number of hosts, and the logarithm of each one's factorial.
  SELECT n, SUM(LN(CASE WHEN n = 0 THEN 1.0 ELSE n END)) OVER (ORDER BY n) AS log_factorial
  FROM (SELECT ROW_NUMBER() OVER (ORDER BY host) AS n FROM hosts UNION ALL SELECT 0 AS n) counted
),
tables AS (
  -- Of those that at least two affected hosts have, the ones that are more common among the affected.
  SELECT kind, name, affected_with, affected_without, healthy_with, healthy_without,
         affected_with + affected_without AS affected,
         healthy_with + healthy_without AS healthy,
         affected_with + healthy_with AS holders,
         affected_with + affected_without + healthy_with + healthy_without AS hosts
  FROM contingency
  WHERE affected_with >= 2 AND kind NOT IN ('death', 'signature', 'finding')
    AND affected_with * (healthy_with + healthy_without) > healthy_with * (affected_with + affected_without)
),
terms AS (
  -- How likely exactly k affected hosts have it, for each k that is as extreme as what was seen.
  SELECT t.kind, t.name,
         a.log_factorial - k.log_factorial - ak.log_factorial
           + h.log_factorial - hk.log_factorial - hr.log_factorial
           - n.log_factorial + w.log_factorial + nw.log_factorial AS log_term
  FROM tables t
  JOIN numbers k ON k.n BETWEEN t.affected_with AND CASE WHEN t.holders < t.affected THEN t.holders ELSE t.affected END
  JOIN numbers a ON a.n = t.affected
  JOIN numbers ak ON ak.n = t.affected - k.n
  JOIN numbers h ON h.n = t.healthy
  JOIN numbers hk ON hk.n = t.holders - k.n
  JOIN numbers hr ON hr.n = t.healthy - t.holders + k.n
  JOIN numbers n ON n.n = t.hosts
  JOIN numbers w ON w.n = t.holders
  JOIN numbers nw ON nw.n = t.hosts - t.holders
),
largest AS (
  SELECT kind, name, MAX(log_term) AS log_largest FROM terms GROUP BY kind, name
),
probabilities AS (
  SELECT l.kind, l.name, (l.log_largest + LN(SUM(EXP(t.log_term - l.log_largest)))) / LN(10) AS log10_p
  FROM largest l
  JOIN terms t ON t.kind = l.kind AND t.name = l.name
  GROUP BY l.kind, l.name, l.log_largest
)
SELECT t.kind, t.name, t.affected_with, t.affected_without, t.healthy_with, t.healthy_without,
       ROUND(p.log10_p, 6) AS log10_p
FROM tables t
JOIN probabilities p ON p.kind = t.kind AND p.name = t.name
ORDER BY log10_p, t.kind, t.name;

-- Builds of modules, those first of which the largest share of hosts is affected; at least two affected hosts have each.
-- Engines round a half up or to even: percent are rounded by FLOOR, which is the same in all.
SELECT name, affected_with, healthy_with,
       FLOOR(1000.0 * affected_with / (affected_with + healthy_with) + 0.5) / 10 AS percent_affected
FROM contingency
WHERE kind = 'module-build' AND affected_with >= 2
ORDER BY percent_affected DESC, affected_with DESC, name;

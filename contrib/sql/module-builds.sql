-- Builds of modules, those first of which the largest share of hosts is affected; at least two affected hosts have each.
SELECT name, affected_with, healthy_with,
       ROUND(100.0 * affected_with / (affected_with + healthy_with), 1) AS percent_affected
FROM contingency
WHERE kind = 'module-build' AND affected_with >= 2
ORDER BY percent_affected DESC, affected_with DESC, name;

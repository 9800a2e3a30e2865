-- What was found, by check and subject: on how many hosts of either group.
SELECT name, affected_with, healthy_with
FROM contingency
WHERE kind = 'finding'
ORDER BY affected_with DESC, healthy_with DESC, name;

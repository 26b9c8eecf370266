WITH `people_days` AS (
  SELECT
    `bucket`,
    `day`,
    `days_in_it`
  FROM VALUES
    (CAST('2026-04-01' AS DATE), CAST('2026-04-30' AS DATE), 1),
    (CAST('2026-05-01' AS DATE), CAST('2026-05-31' AS DATE), 1),
    (CAST('2026-06-01' AS DATE), CAST('2026-06-30' AS DATE), 1) AS `listed`(`bucket`, `day`, `days_in_it`)
), `people` AS (
  SELECT
    CAST(TRUNC(`stock_days`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    `people`.`unit` AS `unit`,
    COUNT(*) AS `headcount`
  FROM `gold`.`dim_people` AS `people`
  JOIN `people_days` AS `stock_days`
    ON `people`.`hired_on` <= `stock_days`.`day`
    AND (
      `people`.`left_on` IS NULL OR `people`.`left_on` > `stock_days`.`day`
    )
  GROUP BY
    1,
    2
)
SELECT
  `people`.`time.month`,
  `people`.`unit`,
  `people`.`headcount` AS `headcount`
FROM `people`
ORDER BY
  `time.month` ASC NULLS LAST,
  `unit` ASC NULLS LAST;

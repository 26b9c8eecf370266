WITH `people_days` AS (
  SELECT
    `bucket`,
    `day`,
    `days_in_it`
  FROM VALUES
    (CAST('2026-06-28' AS DATE), CAST('2026-06-28' AS DATE), 3),
    (CAST('2026-06-28' AS DATE), CAST('2026-06-29' AS DATE), 3),
    (CAST('2026-06-28' AS DATE), CAST('2026-06-30' AS DATE), 3) AS `listed`(`bucket`, `day`, `days_in_it`)
), `people` AS (
  SELECT
    SUM(`daily`.`average_posts`) AS `average_posts__sum`,
    MAX(`daily`.`days_in_it`) AS `average_posts__count`
  FROM (
    SELECT
      `stock_days`.`day` AS `day`,
      SUM(`people`.`share`) AS `average_posts`,
      MAX(`stock_days`.`days_in_it`) AS `days_in_it`
    FROM `gold`.`dim_people` AS `people`
    JOIN `people_days` AS `stock_days`
      ON `people`.`hired_on` <= `stock_days`.`day`
      AND (
        `people`.`left_on` IS NULL OR `people`.`left_on` > `stock_days`.`day`
      )
    GROUP BY
      1
  ) AS `daily`
)
SELECT
  CAST(CAST(`people`.`average_posts__sum` AS DECIMAL(28, 2)) / NULLIF(CAST(`people`.`average_posts__count` AS DECIMAL(38, 0)), 0) AS DECIMAL(37, 12)) AS `average_posts`
FROM `people`;

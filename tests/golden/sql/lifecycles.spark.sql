WITH `windows_buckets` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`
  FROM VALUES
    (
      CAST('2026-04-01' AS DATE),
      CAST('2026-04-01' AS DATE),
      CAST('2026-04-30' AS DATE)
    ),
    (
      CAST('2026-05-01' AS DATE),
      CAST('2026-05-01' AS DATE),
      CAST('2026-05-31' AS DATE)
    ),
    (
      CAST('2026-06-01' AS DATE),
      CAST('2026-06-01' AS DATE),
      CAST('2026-06-30' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`)
), `sales_rows` AS (
  SELECT
    `sales`.`customer_id` AS `entity`,
    `sales`.`sold_on` AS `day`,
    `customers`.`region` = 'EMEA' AS `asked`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    NOT `sales`.`customer_id` IS NULL AND NOT `sales`.`sold_on` IS NULL
), `sales_days` AS (
  SELECT
    `rows`.`entity`,
    `rows`.`day`,
    MIN(`rows`.`day`) OVER (PARTITION BY `rows`.`entity`) AS `first_record`,
    LEAD(`rows`.`day`) OVER (PARTITION BY `rows`.`entity` ORDER BY `rows`.`day` NULLS LAST) AS `next_record`
  FROM (
    SELECT DISTINCT
      `rows`.`entity`,
      `rows`.`day`
    FROM `sales_rows` AS `rows`
  ) AS `rows`
), `sales` AS (
  SELECT
    CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    COUNT(DISTINCT `rows`.`entity`) AS `new_buyers`
  FROM `sales_rows` AS `rows`
  JOIN `sales_days` AS `days`
    ON `rows`.`entity` = `days`.`entity` AND `rows`.`day` = `days`.`day`
  JOIN `windows_buckets` AS `windows`
    ON `rows`.`day` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  WHERE
    `rows`.`day` = `days`.`first_record` AND `rows`.`asked`
  GROUP BY
    1
), `sales_2_rows` AS (
  SELECT
    `sales`.`customer_id` AS `entity`,
    `sales`.`sold_on` AS `day`,
    `customers`.`region` = 'EMEA' AS `asked`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    NOT `sales`.`customer_id` IS NULL AND NOT `sales`.`sold_on` IS NULL
), `sales_2_days` AS (
  SELECT
    `rows`.`entity`,
    `rows`.`day`,
    MIN(`rows`.`day`) OVER (PARTITION BY `rows`.`entity`) AS `first_record`,
    LEAD(`rows`.`day`) OVER (PARTITION BY `rows`.`entity` ORDER BY `rows`.`day` NULLS LAST) AS `next_record`
  FROM (
    SELECT DISTINCT
      `rows`.`entity`,
      `rows`.`day`
    FROM `sales_2_rows` AS `rows`
  ) AS `rows`
), `sales_2` AS (
  SELECT
    CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    COUNT(DISTINCT `rows`.`entity`) AS `returning_buyers`
  FROM `sales_2_rows` AS `rows`
  JOIN `sales_2_days` AS `days`
    ON `rows`.`entity` = `days`.`entity` AND `rows`.`day` = `days`.`day`
  JOIN `windows_buckets` AS `windows`
    ON `rows`.`day` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  WHERE
    `days`.`first_record` < `windows`.`first_day` AND `rows`.`asked`
  GROUP BY
    1
), `sales_3_rows` AS (
  SELECT
    `sales`.`customer_id` AS `entity`,
    `sales`.`sold_on` AS `day`,
    `customers`.`region` = 'EMEA' AS `asked`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    NOT `sales`.`customer_id` IS NULL AND NOT `sales`.`sold_on` IS NULL
), `sales_3_days` AS (
  SELECT
    `rows`.`entity`,
    `rows`.`day`,
    MIN(`rows`.`day`) OVER (PARTITION BY `rows`.`entity`) AS `first_record`,
    LEAD(`rows`.`day`) OVER (PARTITION BY `rows`.`entity` ORDER BY `rows`.`day` NULLS LAST) AS `next_record`
  FROM (
    SELECT DISTINCT
      `rows`.`entity`,
      `rows`.`day`
    FROM `sales_3_rows` AS `rows`
  ) AS `rows`
), `sales_3` AS (
  SELECT
    CAST(TRUNC(`windows`.`bucket`, 'MONTH') AS DATE) AS `time.month`,
    COUNT(DISTINCT `rows`.`entity`) AS `lost_buyers`
  FROM `sales_3_rows` AS `rows`
  JOIN `sales_3_days` AS `days`
    ON `rows`.`entity` = `days`.`entity` AND `rows`.`day` = `days`.`day`
  JOIN `windows_buckets` AS `windows`
    ON CAST(ADD_MONTHS(`rows`.`day`, 12) AS DATE) BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  WHERE
    CAST(ADD_MONTHS(`rows`.`day`, 12) AS DATE) <= CAST('2026-06-30' AS DATE)
    AND NOT COALESCE(`days`.`next_record` <= CAST(ADD_MONTHS(`rows`.`day`, 12) AS DATE), FALSE)
    AND `rows`.`asked`
  GROUP BY
    1
), `groups` AS (
  SELECT
    `time.month`
  FROM `sales`
  UNION
  SELECT
    `time.month`
  FROM `sales_2`
  UNION
  SELECT
    `time.month`
  FROM `sales_3`
), `joined` AS (
  SELECT
    `groups`.`time.month`,
    COALESCE(`sales`.`new_buyers`, 0) AS `new_buyers`,
    COALESCE(`sales_2`.`returning_buyers`, 0) AS `returning_buyers`,
    COALESCE(`sales_3`.`lost_buyers`, 0) AS `lost_buyers`
  FROM `groups`
  LEFT JOIN `sales`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales`.`time.month`
  LEFT JOIN `sales_2`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales_2`.`time.month`
  LEFT JOIN `sales_3`
    ON `groups`.`time.month` IS NOT DISTINCT FROM `sales_3`.`time.month`
)
SELECT
  `joined`.`time.month`,
  `joined`.`new_buyers` AS `new_buyers`,
  `joined`.`returning_buyers` AS `returning_buyers`,
  `joined`.`lost_buyers` AS `lost_buyers`
FROM `joined`
ORDER BY
  `time.month` ASC NULLS LAST;

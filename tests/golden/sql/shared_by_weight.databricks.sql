WITH `sales` AS (
  SELECT
    `customers__advice`.`adviser` AS `adviser`,
    CAST(SUM(
      (
        CAST(`sales`.`net_amount` AS DECIMAL(16, 2)) * CAST((
          COALESCE(CAST(`customers__advice`.`share` AS DECIMAL(31, 6)), 1)
        ) AS DECIMAL(20, 6))
      )
    ) FILTER(WHERE
      (
        `sales`.`status` IN ('completed', 'refunded')
      )) AS DECIMAL(33, 8)) AS `revenue`,
    CAST(SUM(
      (
        CAST(`sales`.`net_amount` AS DECIMAL(16, 2)) * CAST((
          COALESCE(CAST(`customers__advice`.`share` AS DECIMAL(31, 6)), 1)
        ) AS DECIMAL(20, 6))
      )
    ) AS DECIMAL(33, 8)) AS `average_line__sum`,
    (
      COALESCE(
        SUM(
          CASE
            WHEN NOT (
              `sales`.`net_amount`
            ) IS NULL
            THEN (
              1 * CAST((
                COALESCE(CAST(`customers__advice`.`share` AS DECIMAL(31, 6)), 1)
              ) AS DECIMAL(31, 6))
            )
          END
        ),
        0
      )
    ) AS `average_line__count`,
    COUNT(DISTINCT `sales`.`order_id`) AS `orders`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  LEFT JOIN `gold`.`dim_advice` AS `customers__advice`
    ON `customers`.`customer_id` = `customers__advice`.`customer_id`
  GROUP BY
    1
)
SELECT
  `sales`.`adviser`,
  `sales`.`revenue` AS `revenue`,
  CAST(CAST(`sales`.`average_line__sum` AS DECIMAL(28, 8)) / NULLIF(CAST(`sales`.`average_line__count` AS DECIMAL(38, 6)), 0) AS DECIMAL(37, 12)) AS `average_line`,
  `sales`.`orders` AS `orders`
FROM `sales`
ORDER BY
  `adviser` ASC NULLS LAST;

WITH `sales` AS (
  SELECT
    SUM(`sales`.`net_amount`) FILTER(WHERE
      (
        `sales`.`status` IN ('completed', 'refunded')
      )) AS `revenue`,
    SUM(`sales`.`net_amount`) AS `average_line__sum`,
    COUNT(`sales`.`net_amount`) AS `average_line__count`,
    COUNT(DISTINCT `sales`.`order_id`) AS `orders`
  FROM `gold`.`fct_sales` AS `sales`
)
SELECT
  `sales`.`revenue` AS `revenue`,
  CAST(CAST(`sales`.`average_line__sum` AS DECIMAL(28, 2)) / NULLIF(CAST(`sales`.`average_line__count` AS DECIMAL(38, 0)), 0) AS DECIMAL(37, 12)) AS `average_line`,
  `sales`.`orders` AS `orders`
FROM `sales`;

-- must give no row
SELECT
  1 AS `wrong`
FROM `gold`.`dim_advice` AS `advice`
WHERE
  NOT `advice`.`customer_id` IS NULL
GROUP BY
  `advice`.`customer_id`
HAVING
  SUM(CAST(`advice`.`share` AS DECIMAL(31, 6))) <> 1
  OR COUNT(CAST(`advice`.`share` AS DECIMAL(31, 6))) < COUNT(*)
  OR MIN(CAST(`advice`.`share` AS DECIMAL(31, 6))) < 0
LIMIT 1;

WITH `sales` AS (
  SELECT
    `customers`.`region` AS `region`,
    CAST(TRUNC(`sales`.`sold_on`, 'QUARTER') AS DATE) AS `time.quarter`,
    SUM(`sales`.`net_amount`) AS `revenue`,
    SUM(`sales`.`quantity`) AS `pieces`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2026-04-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1,
    2
), `windows_base` AS (
  SELECT
    `bucket`,
    `first_day`,
    `last_day`,
    `period`
  FROM VALUES
    (
      CAST('2026-04-01' AS DATE),
      CAST('2025-04-01' AS DATE),
      CAST('2025-06-30' AS DATE),
      CAST('2025-04-01' AS DATE)
    ) AS `listed`(`bucket`, `first_day`, `last_day`, `period`)
), `sales_base` AS (
  SELECT
    `customers`.`region` AS `region`,
    CAST(TRUNC(`windows`.`bucket`, 'QUARTER') AS DATE) AS `time.quarter`,
    SUM(`sales`.`net_amount`) AS `revenue`,
    SUM(`sales`.`quantity`) AS `pieces`
  FROM `gold`.`fct_sales` AS `sales`
  LEFT JOIN `gold`.`dim_customers` AS `customers`
    ON `sales`.`customer_id` = `customers`.`customer_id`
  JOIN `windows_base` AS `windows`
    ON CAST(TRUNC(`sales`.`sold_on`, 'QUARTER') AS DATE) = `windows`.`period`
    AND `sales`.`sold_on` BETWEEN `windows`.`first_day` AND `windows`.`last_day`
  WHERE
    (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1,
    2
), `groups` AS (
  SELECT
    `region`,
    `time.quarter`
  FROM `sales`
  UNION
  SELECT
    `region`,
    `time.quarter`
  FROM `sales_base`
), `joined` AS (
  SELECT
    `groups`.`region`,
    `groups`.`time.quarter`,
    `sales`.`revenue` AS `revenue`,
    `sales`.`pieces` AS `pieces`,
    `sales_base`.`revenue` AS `revenue__base`,
    `sales_base`.`pieces` AS `pieces__base`
  FROM `groups`
  LEFT JOIN `sales`
    ON `groups`.`region` IS NOT DISTINCT FROM `sales`.`region`
    AND `groups`.`time.quarter` IS NOT DISTINCT FROM `sales`.`time.quarter`
  LEFT JOIN `sales_base`
    ON `groups`.`region` IS NOT DISTINCT FROM `sales_base`.`region`
    AND `groups`.`time.quarter` IS NOT DISTINCT FROM `sales_base`.`time.quarter`
), `result` AS (
  SELECT
    `joined`.`region`,
    `joined`.`time.quarter`,
    `joined`.`revenue` AS `revenue`,
    `joined`.`revenue__base` AS `revenue__base`,
    `joined`.`pieces` AS `revenue__quantity`,
    `joined`.`pieces__base` AS `revenue__base_quantity`
  FROM `joined`
)
SELECT
  `result`.`region`,
  `result`.`time.quarter`,
  `result`.`revenue` AS `revenue`,
  `result`.`revenue__base` AS `revenue__base`,
  `result`.`revenue` - `result`.`revenue__base` AS `revenue__difference`,
  CAST(CAST((
    `result`.`revenue` - `result`.`revenue__base`
  ) AS DECIMAL(26, 2)) / NULLIF(CAST(ABS(`result`.`revenue__base`) AS DECIMAL(38, 2)), 0) AS DECIMAL(37, 12)) AS `revenue__percent`,
  CASE
    WHEN `result`.`revenue` > `result`.`revenue__base`
    THEN TRUE
    WHEN `result`.`revenue` < `result`.`revenue__base`
    THEN FALSE
  END AS `revenue__favourable`,
  CASE
    WHEN (
      NOT `result`.`revenue` IS NULL
      AND NOT `result`.`revenue__base` IS NULL
      AND `result`.`revenue__quantity` <> 0
      AND `result`.`revenue__base_quantity` <> 0
    )
    AND CAST(SUM(
      CASE
        WHEN NOT `result`.`revenue` IS NULL
        AND NOT `result`.`revenue__base` IS NULL
        AND `result`.`revenue__quantity` <> 0
        AND `result`.`revenue__base_quantity` <> 0
        THEN `result`.`revenue__base_quantity`
      END
    ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(25, 0)) <> 0
    THEN `result`.`revenue` - CAST(ROUND(
      CAST(CAST(CAST(`result`.`revenue__base` AS DECIMAL(27, 2)) * CAST(`result`.`revenue__quantity` AS DECIMAL(25, 0)) AS DECIMAL(28, 2)) / NULLIF(CAST(`result`.`revenue__base_quantity` AS DECIMAL(38, 0)), 0) AS DECIMAL(37, 12)),
      2
    ) AS DECIMAL(27, 2))
    ELSE 0
  END AS `revenue__price`,
  CASE
    WHEN (
      NOT `result`.`revenue` IS NULL
      AND NOT `result`.`revenue__base` IS NULL
      AND `result`.`revenue__quantity` <> 0
      AND `result`.`revenue__base_quantity` <> 0
    )
    AND CAST(SUM(
      CASE
        WHEN NOT `result`.`revenue` IS NULL
        AND NOT `result`.`revenue__base` IS NULL
        AND `result`.`revenue__quantity` <> 0
        AND `result`.`revenue__base_quantity` <> 0
        THEN `result`.`revenue__base_quantity`
      END
    ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(25, 0)) <> 0
    THEN CAST(ROUND(
      CAST(CAST(CAST(`result`.`revenue__base` AS DECIMAL(27, 2)) * CAST((
        CAST(SUM(
          CASE
            WHEN NOT `result`.`revenue` IS NULL
            AND NOT `result`.`revenue__base` IS NULL
            AND `result`.`revenue__quantity` <> 0
            AND `result`.`revenue__base_quantity` <> 0
            THEN `result`.`revenue__quantity`
          END
        ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(25, 0)) - CAST(SUM(
          CASE
            WHEN NOT `result`.`revenue` IS NULL
            AND NOT `result`.`revenue__base` IS NULL
            AND `result`.`revenue__quantity` <> 0
            AND `result`.`revenue__base_quantity` <> 0
            THEN `result`.`revenue__base_quantity`
          END
        ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(25, 0))
      ) AS DECIMAL(25, 0)) AS DECIMAL(28, 2)) / NULLIF(
        CAST(SUM(
          CASE
            WHEN NOT `result`.`revenue` IS NULL
            AND NOT `result`.`revenue__base` IS NULL
            AND `result`.`revenue__quantity` <> 0
            AND `result`.`revenue__base_quantity` <> 0
            THEN `result`.`revenue__base_quantity`
          END
        ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(38, 0)),
        0
      ) AS DECIMAL(37, 12)),
      2
    ) AS DECIMAL(27, 2))
    ELSE 0
  END AS `revenue__volume`,
  CASE
    WHEN (
      NOT `result`.`revenue` IS NULL
      AND NOT `result`.`revenue__base` IS NULL
      AND `result`.`revenue__quantity` <> 0
      AND `result`.`revenue__base_quantity` <> 0
    )
    AND CAST(SUM(
      CASE
        WHEN NOT `result`.`revenue` IS NULL
        AND NOT `result`.`revenue__base` IS NULL
        AND `result`.`revenue__quantity` <> 0
        AND `result`.`revenue__base_quantity` <> 0
        THEN `result`.`revenue__base_quantity`
      END
    ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(25, 0)) <> 0
    THEN CAST(ROUND(
      CAST(CAST(CAST(`result`.`revenue__base` AS DECIMAL(27, 2)) * CAST(`result`.`revenue__quantity` AS DECIMAL(25, 0)) AS DECIMAL(28, 2)) / NULLIF(CAST(`result`.`revenue__base_quantity` AS DECIMAL(38, 0)), 0) AS DECIMAL(37, 12)),
      2
    ) AS DECIMAL(27, 2)) - `result`.`revenue__base` - CAST(ROUND(
      CAST(CAST(CAST(`result`.`revenue__base` AS DECIMAL(27, 2)) * CAST((
        CAST(SUM(
          CASE
            WHEN NOT `result`.`revenue` IS NULL
            AND NOT `result`.`revenue__base` IS NULL
            AND `result`.`revenue__quantity` <> 0
            AND `result`.`revenue__base_quantity` <> 0
            THEN `result`.`revenue__quantity`
          END
        ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(25, 0)) - CAST(SUM(
          CASE
            WHEN NOT `result`.`revenue` IS NULL
            AND NOT `result`.`revenue__base` IS NULL
            AND `result`.`revenue__quantity` <> 0
            AND `result`.`revenue__base_quantity` <> 0
            THEN `result`.`revenue__base_quantity`
          END
        ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(25, 0))
      ) AS DECIMAL(25, 0)) AS DECIMAL(28, 2)) / NULLIF(
        CAST(SUM(
          CASE
            WHEN NOT `result`.`revenue` IS NULL
            AND NOT `result`.`revenue__base` IS NULL
            AND `result`.`revenue__quantity` <> 0
            AND `result`.`revenue__base_quantity` <> 0
            THEN `result`.`revenue__base_quantity`
          END
        ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(38, 0)),
        0
      ) AS DECIMAL(37, 12)),
      2
    ) AS DECIMAL(27, 2))
    ELSE 0
  END AS `revenue__mix`,
  CASE
    WHEN (
      NOT `result`.`revenue` IS NULL
      AND NOT `result`.`revenue__base` IS NULL
      AND `result`.`revenue__quantity` <> 0
      AND `result`.`revenue__base_quantity` <> 0
    )
    AND CAST(SUM(
      CASE
        WHEN NOT `result`.`revenue` IS NULL
        AND NOT `result`.`revenue__base` IS NULL
        AND `result`.`revenue__quantity` <> 0
        AND `result`.`revenue__base_quantity` <> 0
        THEN `result`.`revenue__base_quantity`
      END
    ) OVER (PARTITION BY `result`.`time.quarter`) AS DECIMAL(25, 0)) <> 0
    THEN 0
    ELSE COALESCE(`result`.`revenue`, 0) - COALESCE(`result`.`revenue__base`, 0)
  END AS `revenue__members`
FROM `result`
ORDER BY
  `time.quarter` ASC NULLS LAST,
  `region` ASC NULLS LAST;

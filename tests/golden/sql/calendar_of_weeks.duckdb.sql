WITH "sales" AS (
  SELECT
    CAST(CAST(CASE
      WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
        'WEEK',
        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
      THEN CAST(CAST(DATE_TRUNC(
        'WEEK',
        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
      WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
        'WEEK',
        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
      THEN CAST(CAST(DATE_TRUNC(
        'WEEK',
        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
      ELSE CAST(CAST(DATE_TRUNC(
        'WEEK',
        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL (-11) MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
    END AS DATE) + INTERVAL (
      (
        CASE
          WHEN CAST(FLOOR(
            (
              CAST(FLOOR(
                (
                  DATE_DIFF(
                    'DAY',
                    CASE
                      WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                        'WEEK',
                        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                      THEN CAST(CAST(DATE_TRUNC(
                        'WEEK',
                        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                      WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                        'WEEK',
                        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                      THEN CAST(CAST(DATE_TRUNC(
                        'WEEK',
                        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                      ELSE CAST(CAST(DATE_TRUNC(
                        'WEEK',
                        CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL (-11) MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                      ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                    END,
                    "sales"."sold_on"
                  )
                ) / 7
              ) AS INT)
            ) / 13
          ) AS INT) IS NULL
          OR 3 IS NULL
          THEN NULL
          ELSE LEAST(
            CAST(FLOOR(
              (
                CAST(FLOOR(
                  (
                    DATE_DIFF(
                      'DAY',
                      CASE
                        WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                          'WEEK',
                          CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                        ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                        THEN CAST(CAST(DATE_TRUNC(
                          'WEEK',
                          CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                        ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                        WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                          'WEEK',
                          CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                        ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                        THEN CAST(CAST(DATE_TRUNC(
                          'WEEK',
                          CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                        ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                        ELSE CAST(CAST(DATE_TRUNC(
                          'WEEK',
                          CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL (-11) MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                        ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                      END,
                      "sales"."sold_on"
                    )
                  ) / 7
                ) AS INT)
              ) / 13
            ) AS INT),
            3
          )
        END * 13 + CASE
          WHEN (
            CAST(FLOOR(
              (
                DATE_DIFF(
                  'DAY',
                  CASE
                    WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                    THEN CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                    WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                    THEN CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                    ELSE CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL (-11) MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                  END,
                  "sales"."sold_on"
                )
              ) / 7
            ) AS INT) - CASE
              WHEN CAST(FLOOR(
                (
                  CAST(FLOOR(
                    (
                      DATE_DIFF(
                        'DAY',
                        CASE
                          WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          THEN CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          THEN CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          ELSE CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL (-11) MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                        END,
                        "sales"."sold_on"
                      )
                    ) / 7
                  ) AS INT)
                ) / 13
              ) AS INT) IS NULL
              OR 3 IS NULL
              THEN NULL
              ELSE LEAST(
                CAST(FLOOR(
                  (
                    CAST(FLOOR(
                      (
                        DATE_DIFF(
                          'DAY',
                          CASE
                            WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                            THEN CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                            WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                            THEN CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                            ELSE CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL (-11) MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          END,
                          "sales"."sold_on"
                        )
                      ) / 7
                    ) AS INT)
                  ) / 13
                ) AS INT),
                3
              )
            END * 13
          ) < 4
          THEN 0
          WHEN (
            CAST(FLOOR(
              (
                DATE_DIFF(
                  'DAY',
                  CASE
                    WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                    THEN CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                    WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                    THEN CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                    ELSE CAST(CAST(DATE_TRUNC(
                      'WEEK',
                      CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL (-11) MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                    ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                  END,
                  "sales"."sold_on"
                )
              ) / 7
            ) AS INT) - CASE
              WHEN CAST(FLOOR(
                (
                  CAST(FLOOR(
                    (
                      DATE_DIFF(
                        'DAY',
                        CASE
                          WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          THEN CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          THEN CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          ELSE CAST(CAST(DATE_TRUNC(
                            'WEEK',
                            CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL (-11) MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                          ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                        END,
                        "sales"."sold_on"
                      )
                    ) / 7
                  ) AS INT)
                ) / 13
              ) AS INT) IS NULL
              OR 3 IS NULL
              THEN NULL
              ELSE LEAST(
                CAST(FLOOR(
                  (
                    CAST(FLOOR(
                      (
                        DATE_DIFF(
                          'DAY',
                          CASE
                            WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                            THEN CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 13 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                            WHEN "sales"."sold_on" >= CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                            THEN CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL 1 MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                            ELSE CAST(CAST(DATE_TRUNC(
                              'WEEK',
                              CAST(CAST(CAST(CAST(DATE_TRUNC('YEAR', "sales"."sold_on") AS DATE) + INTERVAL (-11) MONTH AS DATE) + INTERVAL 3 DAY AS DATE) + INTERVAL 1 DAY AS DATE)
                            ) AS DATE) + INTERVAL (-1) DAY AS DATE)
                          END,
                          "sales"."sold_on"
                        )
                      ) / 7
                    ) AS INT)
                  ) / 13
                ) AS INT),
                3
              )
            END * 13
          ) < 9
          THEN 4
          ELSE 9
        END
      ) * 7
    ) DAY AS DATE) AS "time.fiscal_month",
    SUM("sales"."net_amount") AS "revenue"
  FROM "gold"."fct_sales" AS "sales"
  WHERE
    "sales"."sold_on" BETWEEN CAST('2026-02-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      "sales"."status" IN ('completed', 'refunded')
    )
  GROUP BY
    1
)
SELECT
  "sales"."time.fiscal_month",
  "sales"."revenue" AS "revenue"
FROM "sales"
ORDER BY
  "time.fiscal_month" ASC;

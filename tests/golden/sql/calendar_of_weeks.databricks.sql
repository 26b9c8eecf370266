WITH `sales` AS (
  SELECT
    CAST(DATEADD(
      DAY,
      (
        (
          LEAST(
            CAST(FLOOR(
              (
                CAST(FLOOR(
                  (
                    DATEDIFF(
                      DAY,
                      CASE
                        WHEN `sales`.`sold_on` >= CAST(DATEADD(
                          DAY,
                          -1,
                          CAST(TRUNC(
                            CAST(DATEADD(
                              DAY,
                              1,
                              CAST(DATEADD(
                                DAY,
                                3,
                                CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                              ) AS DATE)
                            ) AS DATE),
                            'WEEK'
                          ) AS DATE)
                        ) AS DATE)
                        THEN CAST(DATEADD(
                          DAY,
                          -1,
                          CAST(TRUNC(
                            CAST(DATEADD(
                              DAY,
                              1,
                              CAST(DATEADD(
                                DAY,
                                3,
                                CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                              ) AS DATE)
                            ) AS DATE),
                            'WEEK'
                          ) AS DATE)
                        ) AS DATE)
                        WHEN `sales`.`sold_on` >= CAST(DATEADD(
                          DAY,
                          -1,
                          CAST(TRUNC(
                            CAST(DATEADD(
                              DAY,
                              1,
                              CAST(DATEADD(
                                DAY,
                                3,
                                CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                              ) AS DATE)
                            ) AS DATE),
                            'WEEK'
                          ) AS DATE)
                        ) AS DATE)
                        THEN CAST(DATEADD(
                          DAY,
                          -1,
                          CAST(TRUNC(
                            CAST(DATEADD(
                              DAY,
                              1,
                              CAST(DATEADD(
                                DAY,
                                3,
                                CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                              ) AS DATE)
                            ) AS DATE),
                            'WEEK'
                          ) AS DATE)
                        ) AS DATE)
                        ELSE CAST(DATEADD(
                          DAY,
                          -1,
                          CAST(TRUNC(
                            CAST(DATEADD(
                              DAY,
                              1,
                              CAST(DATEADD(
                                DAY,
                                3,
                                CAST(DATEADD(MONTH, -11, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                              ) AS DATE)
                            ) AS DATE),
                            'WEEK'
                          ) AS DATE)
                        ) AS DATE)
                      END,
                      `sales`.`sold_on`
                    )
                  ) / 7
                ) AS INT)
              ) / 13
            ) AS INT),
            3
          ) * 13 + CASE
            WHEN (
              CAST(FLOOR(
                (
                  DATEDIFF(
                    DAY,
                    CASE
                      WHEN `sales`.`sold_on` >= CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                      THEN CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                      WHEN `sales`.`sold_on` >= CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                      THEN CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                      ELSE CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, -11, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                    END,
                    `sales`.`sold_on`
                  )
                ) / 7
              ) AS INT) - LEAST(
                CAST(FLOOR(
                  (
                    CAST(FLOOR(
                      (
                        DATEDIFF(
                          DAY,
                          CASE
                            WHEN `sales`.`sold_on` >= CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                            THEN CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                            WHEN `sales`.`sold_on` >= CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                            THEN CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                            ELSE CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, -11, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                          END,
                          `sales`.`sold_on`
                        )
                      ) / 7
                    ) AS INT)
                  ) / 13
                ) AS INT),
                3
              ) * 13
            ) < 4
            THEN 0
            WHEN (
              CAST(FLOOR(
                (
                  DATEDIFF(
                    DAY,
                    CASE
                      WHEN `sales`.`sold_on` >= CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                      THEN CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                      WHEN `sales`.`sold_on` >= CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                      THEN CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                      ELSE CAST(DATEADD(
                        DAY,
                        -1,
                        CAST(TRUNC(
                          CAST(DATEADD(
                            DAY,
                            1,
                            CAST(DATEADD(
                              DAY,
                              3,
                              CAST(DATEADD(MONTH, -11, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                            ) AS DATE)
                          ) AS DATE),
                          'WEEK'
                        ) AS DATE)
                      ) AS DATE)
                    END,
                    `sales`.`sold_on`
                  )
                ) / 7
              ) AS INT) - LEAST(
                CAST(FLOOR(
                  (
                    CAST(FLOOR(
                      (
                        DATEDIFF(
                          DAY,
                          CASE
                            WHEN `sales`.`sold_on` >= CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                            THEN CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                            WHEN `sales`.`sold_on` >= CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                            THEN CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                            ELSE CAST(DATEADD(
                              DAY,
                              -1,
                              CAST(TRUNC(
                                CAST(DATEADD(
                                  DAY,
                                  1,
                                  CAST(DATEADD(
                                    DAY,
                                    3,
                                    CAST(DATEADD(MONTH, -11, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
                                  ) AS DATE)
                                ) AS DATE),
                                'WEEK'
                              ) AS DATE)
                            ) AS DATE)
                          END,
                          `sales`.`sold_on`
                        )
                      ) / 7
                    ) AS INT)
                  ) / 13
                ) AS INT),
                3
              ) * 13
            ) < 9
            THEN 4
            ELSE 9
          END
        ) * 7
      ),
      CAST(CASE
        WHEN `sales`.`sold_on` >= CAST(DATEADD(
          DAY,
          -1,
          CAST(TRUNC(
            CAST(DATEADD(
              DAY,
              1,
              CAST(DATEADD(
                DAY,
                3,
                CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
              ) AS DATE)
            ) AS DATE),
            'WEEK'
          ) AS DATE)
        ) AS DATE)
        THEN CAST(DATEADD(
          DAY,
          -1,
          CAST(TRUNC(
            CAST(DATEADD(
              DAY,
              1,
              CAST(DATEADD(
                DAY,
                3,
                CAST(DATEADD(MONTH, 13, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
              ) AS DATE)
            ) AS DATE),
            'WEEK'
          ) AS DATE)
        ) AS DATE)
        WHEN `sales`.`sold_on` >= CAST(DATEADD(
          DAY,
          -1,
          CAST(TRUNC(
            CAST(DATEADD(
              DAY,
              1,
              CAST(DATEADD(
                DAY,
                3,
                CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
              ) AS DATE)
            ) AS DATE),
            'WEEK'
          ) AS DATE)
        ) AS DATE)
        THEN CAST(DATEADD(
          DAY,
          -1,
          CAST(TRUNC(
            CAST(DATEADD(
              DAY,
              1,
              CAST(DATEADD(
                DAY,
                3,
                CAST(DATEADD(MONTH, 1, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
              ) AS DATE)
            ) AS DATE),
            'WEEK'
          ) AS DATE)
        ) AS DATE)
        ELSE CAST(DATEADD(
          DAY,
          -1,
          CAST(TRUNC(
            CAST(DATEADD(
              DAY,
              1,
              CAST(DATEADD(
                DAY,
                3,
                CAST(DATEADD(MONTH, -11, CAST(TRUNC(`sales`.`sold_on`, 'YEAR') AS DATE)) AS DATE)
              ) AS DATE)
            ) AS DATE),
            'WEEK'
          ) AS DATE)
        ) AS DATE)
      END AS DATE)
    ) AS DATE) AS `time.fiscal_month`,
    SUM(`sales`.`net_amount`) AS `revenue`
  FROM `gold`.`fct_sales` AS `sales`
  WHERE
    `sales`.`sold_on` BETWEEN CAST('2026-02-01' AS DATE) AND CAST('2026-06-30' AS DATE)
    AND (
      `sales`.`status` IN ('completed', 'refunded')
    )
  GROUP BY
    1
)
SELECT
  `sales`.`time.fiscal_month`,
  `sales`.`revenue` AS `revenue`
FROM `sales`
ORDER BY
  `time.fiscal_month` ASC NULLS LAST;

"""The words of time in English, as data: months, units, adverbs, abbreviations, small numbers.

Knows no calendar and no day. A word of the business has no place here.
Layer: chatbot. Imports nothing.
"""

from __future__ import annotations

MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
MONTHS = {name: n for n, name in enumerate(MONTH_NAMES, 1)} | {
    name[:3]: n for n, name in enumerate(MONTH_NAMES, 1)
}
MONTHS["sept"] = 9
UNITS = {
    "day": "day", "days": "day", "week": "week", "weeks": "week", "wk": "week", "wks": "week", "month": "month",
    "months": "month", "mth": "month", "mths": "month", "quarter": "quarter", "quarters": "quarter", "qtr": "quarter",
    "qtrs": "quarter", "year": "year", "years": "year", "yr": "year", "yrs": "year",
}  # fmt: skip
ADVERBS = {
    "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year", "annual": "year",
    "annually": "year",
}  # fmt: skip
ABBREVIATED = {
    "ytd": "year", "fytd": "year", "qtd": "quarter", "mtd": "month", "wtd": "week",
}  # fmt: skip
OVER = {
    "yoy": "year", "mom": "month", "qoq": "quarter", "wow": "week", "dod": "day",
}  # fmt: skip
LAST = {"last", "previous", "prior", "preceding"}
PAST = {"past", "trailing", "rolling"}
FULL = {"full", "complete", "completed", "whole", "calendar", "entire", "closed"}
FISCAL = {"fiscal", "financial"}
SMALL = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90, "couple": 2,
}  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Words of time that name no exact days: a number over them would be a guess, unless a catalog knows the word.
VAGUE = frozenset(
    [
        "spring",
        "springtime",
        "summer",
        "summertime",
        "autumn",
        "winter",
        "wintertime",
        "season",
        "seasons",
        "easter",
        "christmas",
        "xmas",
        "thanksgiving",
        "ramadan",
        "holiday",
        "holidays",
        "early",
        "mid",
        "late",
        "recent",
        "recently",
        "lately",
        "fortnight",
        "fortnights",
        "decade",
        "decades",
        "century",
        "weekend",
        "weekends",
        "morning",
        "evening",
        "night",
        "noon",
        "midnight",
        "semester",
        "trimester",
        "mondays",
        "tuesdays",
        "wednesdays",
        "thursdays",
        "fridays",
        "saturdays",
        "sundays",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
)
DAYS_OF_WEEK = {name: (name.title(),) for name in WEEKDAYS} | {
    "weekend": ("Saturday", "Sunday"), "weekends": ("Saturday", "Sunday"),
    "weekdays": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
} | {f"{name}s": (name.title(),) for name in WEEKDAYS}  # fmt: skip
ONE_OF_THEM = {"this", "last", "next", "previous", "past", "coming", "each", "every", "one", "first", "second", "third",
               "final", "following", "by", "per", "across"}  # fmt: skip
PRONOUNS = {"i", "we", "you", "they", "it", "he", "she", "that", "who", "which", "be"}
BEFORE_YEAR = {
    "in", "for", "during", "of", "since", "from", "to", "until", "till", "through", "year", "before", "after", "vs",
    "versus", "and", "between", "than", "with", "throughout", "year's", "or", "within", "against", "fy",
    "by", "end", "about", "on", "around", ",", "-", "late", "as", "at",
}  # fmt: skip

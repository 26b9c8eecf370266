"""The words of the language, as opposed to those of the business: the one place where the planner keeps them.

Layer: chatbot. Data only.
"""

from __future__ import annotations

ARTICLES = frozenset({"the", "a", "an", "our", "their", "its", "my", "your", "his", "her"})

# Words that carry no meaning for a number. A word that is neither here nor understood is reported.
_FILLER_TEXT = """
the a an our their its my your his her is are was were be been being am do does did have has had having
of in on at to for from with about into onto within by and or as that which who whom whose what whats
there here it this these those they them we us i you me he she please kindly could would can will shall
should may might must let lets like want wanted need needs show shows give gives tell tells list lists
display get gets find finds see look provide provides return returns report reports print fetch pull
calculate compute determine identify know much many each so then also just only really exactly overall
altogether together across all any some every per hi hello hey thanks thank question answer data figure
figures number numbers value values amount result results table column columns row rows information info
details detail breakdown overview summary now currently today's made make makes making placed place done
happened happen happens occurred occur occurs took take taken come comes came coming go goes went using
use used based terms split either pls plz thx ty cheers asap ever given going quick quickly plot plots chart charts graph graphs visualize visualise generate generated generates respectively following company business where whether
"""
FILLER = frozenset(_FILLER_TEXT.split())

# Filler that is one only where nothing of the catalog claims it.
SOFT = frozenset({"number", "numbers", "amount", "value", "values", "data", "company", "business", "figure", "figures",
                  "detail", "details", "report", "reports", "return", "returns", "place", "question", "answer",
                  "display", "list", "lists", "table", "chart", "charts", "plot", "plots", "graph", "graphs", "quick", "row", "rows", "column", "columns", "need", "use", "used"})  # fmt: skip

# Filler only as a verb: "a query that returns …". Else "discounts and returns" would lose a figure without a word.
VERB_AFTER = {"returns": frozenset({"that", "which", "it", "query", "statement", "select"})}

# Verbs that say nothing more than that there was something: "break down revenue by region".
PLAIN_VERBS = (("break", "down"), ("drill", "down"), ("split", "up"), ("brought", "in"), ("bring", "in"), ("brings", "in"),
               ("how", "big", "was"), ("how", "big", "were"), ("how", "large", "was"), ("how", "large", "were"), ("how", "high", "was"),
               ("how", "high", "were"), ("how", "big", "is"), ("how", "large", "is"), ("how", "high", "is"), ("how", "big", "are"))  # fmt: skip

GROUP_WORDS = (
    ("for", "each"), ("in", "each"), ("for", "every"), ("in", "every"), ("of", "each"), ("from", "each"),
    ("broken", "down", "by"), ("breakdown", "by"), ("split", "by"), ("split", "up", "by"), ("grouped", "by"),
    ("group", "by"), ("segmented", "by"), ("divided", "by"), ("sliced", "by"), ("organized", "by"), ("organised", "by"),
    ("by", "each"), ("by",), ("per",), ("each",), ("every",), ("across",), ("among",), ("within", "each"), ("by", "the"),
    ("at", "each"), ("with", "each"), ("to", "each"), ("on", "each"), ("across", "all"), ("for", "all"), ("over", "all"),
    ("breakdown", "of"), ("with", "respect", "to"), ("combination", "of"), ("combinations", "of"),
)  # fmt: skip

AGGREGATES: dict[tuple[str, ...], str] = {
    ("total", "number", "of"): "count", ("number", "of"): "count", ("count", "of"): "count", ("no", "of"): "count",
    ("#", "of"): "count", ("total", "count", "of"): "count", ("how", "many"): "count", ("count",): "count",
    ("total",): "sum", ("sum", "of"): "sum", ("sum",): "sum", ("total", "of"): "sum", ("combined",): "sum",
    ("aggregate",): "sum", ("overall",): "sum", ("how", "much"): "sum", ("summed",): "sum", ("total", "amount", "of"): "sum",
    ("average",): "average", ("avg",): "average", ("mean",): "average", ("average", "of"): "average",
    ("typical",): "average", ("median",): "median", ("median", "of"): "median",
    ("minimum",): "min", ("min",): "min", ("maximum",): "max", ("max",): "max",
    ("distinct",): "distinct", ("unique",): "distinct", ("different",): "distinct",
    ("number", "of", "distinct"): "distinct", ("number", "of", "unique"): "distinct",
    ("number", "of", "different"): "distinct", ("how", "many", "distinct"): "distinct",
    ("how", "many", "different"): "distinct", ("how", "many", "unique"): "distinct",
    ("count", "of", "distinct"): "distinct", ("count", "of", "unique"): "distinct", ("distinct", "count", "of"): "distinct",
    ("unique", "count", "of"): "distinct", ("total", "number", "of", "distinct"): "distinct",
    ("total", "number", "of", "unique"): "distinct",
}  # fmt: skip

# Words that ask for one number over all that is listed.
TOGETHER = frozenset(
    {"combined", "together", "altogether", "summed", "sum", "sum of", "aggregate", "overall", "in total"}
)

# Superlatives: direction, and the aggregate that the same word names ("highest price").
SUPERLATIVES: dict[tuple[str, ...], str] = {
    ("most",): "desc", ("highest",): "desc", ("largest",): "desc", ("biggest",): "desc", ("greatest",): "desc",
    ("best",): "desc", ("top",): "desc", ("leading",): "desc", ("maximum",): "desc", ("the", "most"): "desc",
    ("least",): "asc", ("lowest",): "asc", ("smallest",): "asc", ("fewest",): "asc", ("worst",): "asc",
    ("rank",): "desc", ("bottom",): "asc", ("minimum",): "asc", ("weakest",): "asc", ("strongest",): "desc",
    ("most", "common"): "desc-count", ("most", "frequent"): "desc-count", ("least", "common"): "asc-count",
    ("most", "frequently"): "desc", ("most", "often"): "desc", ("least", "frequently"): "asc",
    ("best", "performing"): "desc", ("worst", "performing"): "asc", ("top", "performing"): "desc",
    ("more", "than", "any", "other"): "desc", ("the", "least"): "asc", ("slowest",): "asc", ("highest", "number", "of"): "desc-count",
    ("most", "number", "of"): "desc-count", ("largest", "number", "of"): "desc-count", ("greatest", "number", "of"): "desc-count",
    ("lowest", "number", "of"): "asc-count", ("fewest", "number", "of"): "asc-count", ("smallest", "number", "of"): "asc-count",
}  # fmt: skip
RANKS = frozenset({"rank"})  # an order of all, where "top" cuts
EXTREMES = {"highest": "max", "largest": "max", "biggest": "max", "greatest": "max", "maximum": "max", "max": "max",
            "lowest": "min", "smallest": "min", "minimum": "min", "min": "min"}  # fmt: skip

COMPARISONS: dict[tuple[str, ...], str] = {
    ("more", "than"): ">", ("greater", "than"): ">", ("higher", "than"): ">", ("larger", "than"): ">", ("over",): ">",
    ("above",): ">", ("exceeding",): ">", ("exceeds",): ">", ("exceed",): ">", ("exceeded",): ">", ("bigger", "than"): ">",
    ("longer", "than"): ">", ("older", "than"): ">", (">",): ">", ("in", "excess", "of"): ">",
    ("at", "least"): ">=", ("no", "less", "than"): ">=", ("not", "less", "than"): ">=", ("minimum", "of"): ">=",
    ("or", "more"): ">=", (">", "="): ">=", (">=",): ">=", ("greater", "than", "or", "equal", "to"): ">=",
    ("more", "than", "or", "equal", "to"): ">=", ("no", "fewer", "than"): ">=", ("a", "minimum", "of"): ">=",
    ("less", "than"): "<", ("fewer", "than"): "<", ("lower", "than"): "<", ("smaller", "than"): "<", ("under",): "<",
    ("below",): "<", ("<",): "<", ("shorter", "than"): "<", ("younger", "than"): "<",
    ("at", "most"): "<=", ("no", "more", "than"): "<=", ("not", "more", "than"): "<=", ("maximum", "of"): "<=",
    ("up", "to"): "<=", ("<=",): "<=", ("less", "than", "or", "equal", "to"): "<=", ("a", "maximum", "of"): "<=",
    ("equal", "to"): "=", ("equals",): "=", ("exactly",): "=", ("=",): "=", ("equal",): "=",
    ("not", "equal", "to"): "!=", ("!=",): "!=", ("<>",): "!=",
}  # fmt: skip
AFTER_NUMBER = {("or", "more"): ">=", ("or", "higher"): ">=", ("or", "above"): ">=", ("or", "greater"): ">=",
                ("or", "less"): "<=", ("or", "fewer"): "<=", ("or", "lower"): "<=", ("or", "below"): "<=",
                ("plus",): ">=", ("+",): ">="}  # fmt: skip

NEGATIONS = (
    ("other", "than"), ("other", "then"), ("neither",), ("nor",), ("excl",), ("ex",), ("apart", "from"), ("except", "for"), ("except",), ("excluding",), ("exclude",), ("excludes",),
    ("without",), ("not", "including"), ("not", "in"), ("not", "from"), ("not", "for"), ("not", "with"), ("not",),
    ("outside", "of"), ("outside",), ("but", "not"), ("ignoring",), ("ignore",), ("leaving", "out"), ("minus",),
    ("is", "not"), ("are", "not"), ("isnt",), ("arent",), ("non",), ("besides",), ("aside", "from"), ("all", "but"),
    ("everything", "but"), ("everything", "except"), ("all", "except"), ("that", "are", "not"), ("who", "are", "not"),
)  # fmt: skip

CONTAINS = (("containing",), ("contains",), ("contain",), ("including", "the", "word"), ("with", "the", "word"), ("like",),
            ("that", "contains"), ("that", "contain"), ("which", "contains"), ("whose", "name", "contains"), ("includes", "the", "word"))  # fmt: skip
STARTS = (("starting", "with"), ("starts", "with"), ("start", "with"), ("beginning", "with"), ("begins", "with"),
          ("begin", "with"))  # fmt: skip
MISSING = (("missing",), ("is", "missing"), ("are", "missing"), ("is", "null"), ("is", "empty"), ("is", "blank"), ("is", "unknown"),
           ("without", "a"), ("without", "an"), ("without", "any"), ("with", "no"), ("with", "missing"), ("with", "unknown"),
           ("with", "a", "missing"), ("null",), ("blank",), ("no",), ("having", "no"), ("that", "have", "no"),
           ("who", "have", "no"), ("not", "set"), ("is", "not", "set"), ("with", "an", "unknown"), ("with", "empty"), ("with", "null"))  # fmt: skip
PRESENT = (
    ("is", "not", "null"),
    ("is", "present"),
    ("is", "set"),
    ("is", "known"),
    ("is", "not", "missing"),
    ("with", "known"),
    ("is", "not", "empty"),
)

VERSUS = (
    ("compared", "to"), ("compared", "with"), ("compared", "against"), ("in", "comparison", "to"), ("in", "comparison", "with"),
    ("relative", "to"), ("compare", "to"), ("compare", "with"), ("versus",), ("vs",), ("against",), ("compared",), ("beside",),
    ("next", "to"), ("as", "compared", "to"), ("as", "against"), ("alongside",), ("comparison", "to"), ("comparison", "with"),
    ("and", "compare", "to"), ("compare", "against"),
)  # fmt: skip
CHANGE = frozenset(
    {
        "growth",
        "change",
        "chang",
        "grow",
        "increase",
        "increas",
        "decrease",
        "decreas",
        "decline",
        "declin",
        "drop",
        "rise",
        "ris",
        "fall",
        "difference",
        "differenc",
        "delta",
        "improv",
        "improvement",
        "worsen",
        "deteriorat",
    }
)  # stems
TREND = (("over", "time"), ("trend",), ("trends",), ("trending",), ("development",), ("history",), ("historical",),
         ("time", "series"), ("evolution",), ("evolved",), ("timeline",), ("trend", "over", "time"), ("develop",),
         ("develop", "over", "time"), ("developed",), ("developed", "over", "time"), ("evolve",))  # fmt: skip
RUNNING = (("running", "total"), ("running", "totals"), ("cumulative",), ("cumulated",), ("accumulated",), ("running", "sum"),
           ("cumulatively",), ("running",), ("cumulative", "total"), ("cumulative", "sum"))  # fmt: skip
SHARE = (
    ("percentage", "of", "total"), ("percent", "of", "total"), ("share", "of", "total"), ("%", "of", "total"), ("share", "of"),
    ("percentage", "of"), ("percent", "of"), ("proportion", "of"), ("%", "of"), ("share",), ("fraction", "of"),
    ("contribution", "to"), ("contribution", "of"), ("percentage", "share", "of"), ("percentage", "share"), ("as", "a", "percentage", "of"),
    ("as", "a", "share", "of"), ("as", "%", "of"), ("as", "a", "%", "of"), ("in", "%", "of"),
    ("as", "a", "percent", "of"), ("as", "pct", "of"), ("as", "a", "proportion", "of"), ("percentage", "split"), ("percentage", "breakdown"), ("percent", "split"),
    ("percentage", "split", "of"), ("percentage", "breakdown", "of"), ("percentage", "contribution"), ("percentage", "contribution", "of"),
    ("what", "%", "of"), ("%", "share", "of"), ("%", "split"), ("%", "breakdown"), ("in", "%", "of", "total"), ("as", "percentage", "of"), ("as", "percent", "of"), ("pct", "of"), ("mix",), ("part", "of"),
)  # fmt: skip
STANDINGS = {
    ("ahead", "of"): "better",
    ("short", "of"): "worse",
    ("on", "track", "for"): "as good",
}  # how a figure stands to a plan
VARIANCE = frozenset({"variance", "varianc", "deviation", "gap", "shortfall", "overrun"})
BEAT = frozenset({"beat", "hit", "meet", "reach", "exceed", "miss", "achiev", "achieve"})

# What "did we …" wants to be true, of stems: better than the plan, as good as it, or plainly more or less.
TESTS = {"beat": "better", "hit": "as good", "meet": "as good", "reach": "as good", "achiev": "as good", "miss": "worse",
         "exceed": ">"}  # fmt: skip
CHANGE_WAYS = {"improv": "better", "improvement": "better", "worsen": "worse", "deteriorat": "worse", "growth": ">", "grow": ">", "increas": ">", "ris": ">", "declin": "<", "decreas": "<", "drop": "<", "fall": "<"}  # fmt: skip
COMPARATIVES = {("higher",): ">", ("more",): ">", ("greater",): ">", ("larger",): ">", ("bigger",): ">", ("up",): ">",
                ("lower",): "<", ("less",): "<", ("fewer",): "<", ("smaller",): "<", ("down",): "<"}  # fmt: skip
# Two words that say a change, and the one that says the same.
CHANGE_PHRASES = {(verb, way): said for way, said in (("up", "grow"), ("down", "drop"))
                  for verb in ("go", "goes", "going", "went", "gone", "come", "came", "coming")}  # fmt: skip
CHANGE_PHRASES |= {(said, "between"): "differenc" for said in ("difference", "change", "growth", "gap")}
# A figure held against another: what it is held against must follow.
MORE_THAN = (("how", "much", "more"), ("how", "many", "more"), ("how", "much", "less"), ("how", "many", "fewer"),
             ("how", "much", "higher"), ("how", "much", "lower"), ("how", "many", "less"))  # fmt: skip
CHANGE_MEASURES = {("in", "percent"): "percent", ("in", "percentage", "terms"): "percent", ("in", "relative", "terms"): "percent",
                   ("in", "absolute", "terms"): "difference", ("in", "absolute", "numbers"): "difference"}  # fmt: skip
WHY = (
    ("why",), ("explain",), ("explains",), ("reason",), ("reasons",), ("because",), ("cause",), ("caused",), ("causes",), ("driver",),
    ("drivers",), ("reason", "for"), ("reasons", "for"), ("drivers", "of"), ("what", "drove"), ("what", "drives"), ("what", "caused"),
    ("what", "explains"), ("what", "is", "driving"), ("what", "led", "to"), ("what", "is", "behind"), ("what", "was", "behind"),
)  # fmt: skip
# A change told by price, volume and mix, where the catalog declares a quantity. Two words alone may be two figures.
BRIDGE = (("price", "volume", "mix"), ("price", "volume", "and", "mix"), ("price", "volume", "mix", "analysis"), ("price", "or", "volume"),
          ("price", "volume", "mix", "of"), ("volume", "or", "price"), ("price", "versus", "volume"), ("price", "vs", "volume"),
          ("price", "mix", "and", "volume"), ("volume", "price", "and", "mix"), ("because", "of", "price", "or", "volume"))  # fmt: skip

ASCENDING = (("ascending",), ("ascending", "order"), ("asc",), ("lowest", "to", "highest"), ("smallest", "to", "largest"),
             ("from", "lowest", "to", "highest"), ("from", "smallest", "to", "largest"), ("lowest", "first"), ("in", "ascending", "order"),
             ("smallest", "first"), ("from", "low", "to", "high"), ("low", "to", "high"), ("increasing", "order"), ("from", "the", "lowest", "to", "the", "highest"))  # fmt: skip
DESCENDING = (("descending",), ("descending", "order"), ("desc",), ("highest", "to", "lowest"), ("largest", "to", "smallest"),
              ("from", "highest", "to", "lowest"), ("from", "largest", "to", "smallest"), ("highest", "first"), ("in", "descending", "order"),
              ("largest", "first"), ("from", "high", "to", "low"), ("high", "to", "low"), ("decreasing", "order"), ("from", "the", "highest", "to", "the", "lowest"))  # fmt: skip
ORDER = (("sorted", "by"), ("ordered", "by"), ("sort", "by"), ("order", "by"), ("ranked", "by"), ("ranking", "by"), ("rank", "by"),
         ("sorted",), ("ordered",), ("sort",), ("arranged", "by"), ("sorted", "in"), ("ordered", "in"), ("ranked",), ("in", "order", "of"),
         ("and", "sort", "by"), ("ranking", "of"))  # fmt: skip

# What a person may shorten whatever the business is.
ABBREVIATIONS = {
    "qty": "quantity", "amt": "amount", "avg": "average", "cust": "customer", "acct": "account", "pct": "percent",
    "dept": "department", "mgr": "manager", "txn": "transaction", "txns": "transactions", "trx": "transaction", "rev": "revenue",
    "cat": "category", "prod": "product", "inv": "invoice", "mgmt": "management", "org": "organization",
    "emp": "employee", "svc": "service", "addr": "address", "curr": "currency", "ccy": "currency", "nr": "number",
    "tx": "transaction", "exp": "expense", "avgs": "average", "desc": "description",
}  # fmt: skip

# Verbs and the nouns that say the same of a figure: "which region sold most" asks for sales.
VERB_NOUNS = {
    "sell": ("sale",), "spend": ("spending", "expense", "cost"), "earn": ("earnings", "income"), "buy": ("purchase",),
    "order": ("order",), "pay": ("payment",), "ship": ("shipment",), "deliver": ("delivery",), "refund": ("refund",),
    "owe": ("debt",), "invoice": ("invoice",), "bill": ("billing",),
}  # fmt: skip
AUXILIARIES = frozenset(
    {"were", "was", "are", "is", "been", "did", "we", "do", "does", "have", "has", "being"}
)

SCENARIO_WORDS = {"budget": ("budget", "budgeted", "plan", "planned", "target"), "plan": ("plan", "planned", "budget", "target"),
                  "target": ("target", "goal", "plan"), "forecast": ("forecast", "forecasted", "outlook")}  # fmt: skip

# "Budget vs actual": the figure beside its plan, whichever is said first.
PLAN_AND_ACTUAL = {
    phrase: word
    for word in ("budget", "plan", "target", "forecast")
    for actual in ("actual", "actuals")
    for versus in (
        ("vs",),
        ("versus",),
        ("against",),
        ("compared", "to"),
        ("compared", "with"),
        ("and",),
        ("to",),
    )
    for phrase in ((word, *versus, actual), (actual, *versus, word))
}

TIME_NOUNS = frozenset(
    {"date", "time", "day", "at", "on", "timestamp", "datetim", "datetime", "dat", "tim"}
)  # stems
NAME_WORDS = frozenset({"name", "nam", "title", "titl", "label"})
TRUE_VALUES = frozenset({"true", "yes", "y", "1", "t"})
FALSE_VALUES = frozenset({"false", "no", "n", "0", "f"})

# What the two ends of a movement are called, so that "from" and "to" find their role of a table.
DIRECTIONS = {
    "from": frozenset({"from", "origin", "source", "sender", "departure", "start", "seller", "supplier", "old", "pickup"}),
    "to": frozenset({"to", "destination", "target", "recipient", "receiver", "arrival", "end", "buyer", "new", "delivery"}),
}  # fmt: skip

CONVERT = (
    ("converted", "to"),
    ("converted", "into"),
    ("convert", "to"),
    ("expressed", "in"),
    ("translated", "to"),
    ("translated", "into"),
)

# Growth without the part that exchange rates have in it.
_CONSTANT = (
    ("constant", "currency"), ("constant", "currencies"), ("a", "constant", "currency", "basis"), ("constant", "currency", "basis"),
    ("constant", "currency", "terms"), ("constant", "exchange", "rates"), ("constant", "exchange", "rate"), ("constant", "fx"),
    ("constant", "fx", "rates"), ("unchanged", "exchange", "rates"), ("the", "exchange", "rates", "of", "last", "year"),
    ("prior", "year", "exchange", "rates"), ("last", "year's", "exchange", "rates"),
)  # fmt: skip
CONSTANT_CURRENCY = (
    *((*before, *words) for before in ((), ("at",), ("in",), ("on",), ("under",), ("using",)) for words in _CONSTANT),
    ("currency", "neutral"), ("fx", "neutral"), ("currency", "adjusted"), ("fx", "adjusted"), ("adjusted", "for", "currency"),
    ("adjusted", "for", "exchange", "rates"), ("adjusted", "for", "fx"), ("excluding", "currency", "effects"), ("without", "currency", "effects"),
    ("excluding", "fx", "effects"), ("without", "fx", "effects"), ("excluding", "exchange", "rate", "effects"), ("excluding", "fx"), ("ex", "fx"),
    ("without", "exchange", "rate", "effects"), ("net", "of", "currency", "effects"), ("excluding", "the", "effect", "of", "exchange", "rates"),
)  # fmt: skip

# How people call currencies. "Dollars" and "pounds" alone are those of most readers; the answer says which was taken.
CURRENCY_WORDS: dict[tuple[str, ...], str] = {
    ("dollar",): "USD", ("dollars",): "USD", ("us", "dollar"): "USD", ("us", "dollars"): "USD", ("euro",): "EUR", ("euros",): "EUR",
    ("pound",): "GBP", ("pounds",): "GBP", ("british", "pounds"): "GBP", ("pounds", "sterling"): "GBP", ("sterling",): "GBP",
    ("yen",): "JPY", ("swiss", "francs"): "CHF", ("francs",): "CHF", ("canadian", "dollars"): "CAD", ("australian", "dollars"): "AUD",
    ("singapore", "dollars"): "SGD", ("yuan",): "CNY", ("renminbi",): "CNY", ("rupees",): "INR", ("zloty",): "PLN",
    ("swedish", "kronor"): "SEK", ("swedish", "krona"): "SEK", ("norwegian", "kroner"): "NOK", ("danish", "kroner"): "DKK",
    ("brazilian", "real"): "BRL", ("reais",): "BRL", ("mexican", "pesos"): "MXN",
}  # fmt: skip

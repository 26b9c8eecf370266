"""Catalogs of other domains: a hospital, a freight forwarder, a stock broker with questions that nobody here wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from chatbot.agent import Agent
from datatrust.evaluation.cases import Accepted, Case, load_cases
from datatrust.evaluation.score import judge, score_cases, summarise
from tests.support.broker import FOLDER, make_broker_project
from tests.support.hospital import make_hospital
from tests.support.logistics import make_logistics

A, W, P = "care.admissions a", "care.admissions a join care.wards w using (ward_id)", "care.admissions a join care.patients p using (patient_id)"  # fmt: skip
MARCH = "admitted_on between date '2026-03-01' and date '2026-03-31'"

HOSPITAL = [
    ("How many admissions did we have in March 2026?", f"select count(*) from {A} where {MARCH}"),
    ("how many patients had more than 6 admissions", f"select count(*) from (select patient_id from {A} group by 1 having count(*) > 6)"),
    ("average monthly admissions in 2025", f"select count(*) / 12 from {A} where year(admitted_on) = 2025"),
    ("admissions in Cardiology or for emergency patients in 2025", f"select count(*) from {W} where (ward_name = 'Cardiology' or kind = 'emergency') and year(admitted_on) = 2025"),
    ("admissions per ward last year", f"select ward_name, count(*) from {W} where year(admitted_on) = 2025 group by 1"),
    ("average length of stay by building", f"select building, avg(nights) from {W} group by 1"),
    ("which ward had the highest treatment cost in 2025", f"select ward_name, sum(cost) from {W} where year(admitted_on) = 2025 group by 1 order by 2 desc limit 1"),
    ("cost per admission for emergency admissions by month in 2025", f"select date_trunc('month', admitted_on), sum(cost) / count(*) from {A} where kind = 'emergency' and year(admitted_on) = 2025 group by 1"),
    ("urgent admissions by gender", f"select gender, count(*) from {P} where kind = 'emergency' group by 1"),
    ("longest stay in Cardiology", f"select max(nights) from {W} where ward_name = 'Cardiology'"),
    ("how many patients were treated in Oncology", f"select count(distinct patient_id) from {W} where ward_name = 'Oncology'"),
    ("spending for women with private insurance in Q1 2026", f"select sum(cost) from {P} where gender = 'female' and insurance = 'private' and admitted_on between date '2026-01-01' and date '2026-03-31'"),
    ("admissions with missing insurance", f"select count(*) from {P} where insurance is null"),
    ("admissions with more than 10 nights by kind of admission", f"select kind, count(*) from {A} where nights > 10 group by 1"),
    ("number of admissions excluding Maternity", f"select count(*) from {W} where ward_name <> 'Maternity'"),
    ("patients by gender", "select gender, count(*) from care.patients group by 1"),
    ("ALOS by ward, lowest first", f"select ward_name, avg(nights) from {W} group by 1 order by 2"),
    ("treatment cost per patient in 2025", f"select sum(cost) / count(distinct patient_id) from {A} where year(admitted_on) = 2025"),
    ("average cost per patient by ward", f"select ward_name, sum(cost) / count(distinct patient_id) from {W} group by 1"),
    ("cost per bed night by ward 2025", f"select ward_name, sum(cost) / sum(nights) from {W} where year(admitted_on) = 2025 group by 1"),
    ("average cost per admission for private patients", f"select sum(cost) / count(*) from {P} where insurance = 'private'"),
    ("share of emergency admissions in 2025", f"select 'emergency', count(*) filter (where kind = 'emergency') / count(*) from {A} where year(admitted_on) = 2025"),
    ("admissions at the weekend in 2025", f"select count(*) from {A} where isodow(admitted_on) >= 6 and year(admitted_on) = 2025"),
    ("cost 2025 without Oncology and Maternity", f"select sum(cost) from {W} where ward_name not in ('Oncology', 'Maternity') and year(admitted_on) = 2025"),
    ("admissions w/ stay longer than 10 nights", f"select count(*) from {A} where nights > 10"),
    ("admissions of patients registered in 2025", f"select count(*) from {P} where year(registered_on) = 2025"),
    ("treatment cost in 2025 compared with 2024", "select (select sum(cost) from care.admissions where year(admitted_on) = 2025)"),
]  # fmt: skip

NOT_ANSWERED = [
    "ward with the longest stay", "share of emergency admissions by ward", "how many patients had fewer than 3 admissions", "average cost by ward", "mortality rate", "infections by ward", "how many nurses work in Cardiology", "revenue by region",
    "How many admissions in 2025? How many of these were emergencies?", "How many admissions in 2025? How many in Cardiology?",
    "average length of stay by building for wards with more than 100 admissions", "is Cardiology the largest ward by treatment cost",
    "admissions by doctor", "waiting time in the emergency room", "median length of stay",
    "admissions and returns by ward", "number of admissions in EUR",
]  # fmt: skip


S, CL, CA = (
    "shipments s",
    "shipments s join clients using (client_id)",
    "shipments s join carriers using (carrier_id)",
)
FROM = "shipments s join depots o on o.depot_code = s.from_depot"
TO = "shipments s join depots d on d.depot_code = s.to_depot"

LOGISTICS = [
    ("How many shipments were picked up in 2025?", f"select count(*) from {S} where year(picked_up) = 2025"),
    ("shipments delivered in April 2026", f"select count(*) from {S} where delivered between date '2026-04-01' and date '2026-04-30'"),
    ("Total freight revenue by transport mode in 2025", f"select mode, sum(freight) from {CA} where year(picked_up) = 2025 group by 1"),
    ("What are the top 3 clients by total weight? Return the client name and weight.", f"select client_name, sum(weight_kg) from {CL} group by 1 order by 2 desc limit 3"),
    ("shipments from Germany by carrier", f"select carrier_name, count(*) from {FROM} join carriers using (carrier_id) where o.country = 'Germany' group by 1"),
    ("shipments to Italy in 2025", f"select count(*) from {TO} where d.country = 'Italy' and year(picked_up) = 2025"),
    ("shipments from Germany or to Italy in 2025", "select count(*) from shipments s join depots o on o.depot_code = s.from_depot "
     "join depots d on d.depot_code = s.to_depot where (o.country = 'Germany' or d.country = 'Italy') and year(picked_up) = 2025"),
    ("where does sea rank among transport modes by freight revenue", f"select mode, f, r from (select mode, sum(freight) f, rank() over (order by sum(freight) desc) r from {CA} group by 1) where mode = 'sea'"),
    ("freight revenue by destination country", f"select d.country, sum(freight) from {TO} group by 1"),
    ("freight to the South zone", f"select sum(freight) from {TO} where d.zone = 'South'"),
    ("shipments for origin country Germany", f"select count(*) from {FROM} where o.country = 'Germany'"),
    ("average weight of express shipments", f"select avg(weight_kg) from {S} where is_express"),
    ("how many express shipments did Alto Foods make in 2025", f"select count(*) from {CL} where is_express and client_name = 'Alto Foods' and year(picked_up) = 2025"),
    ("non-express shipments", f"select count(*) from {S} where not is_express"),
    ("heaviest shipment by sea", f"select max(weight_kg) from {CA} where mode = 'sea'"),
    ("shipments except by air", f"select count(*) from {CA} where mode <> 'air'"),
    ("shipments with weight above 900 by carrier", f"select carrier_name, count(*) from {CA} where weight_kg > 900 group by 1"),
    ("revenue from gold clients vs silver clients", f"select tier, sum(freight) from {CL} where tier in ('gold', 'silver') group by 1"),
    ("road and rail shipments in 2026 so far", f"select count(*) from {CA} where mode in ('road', 'rail') and year(picked_up) = 2026"),
    ("late rate by carrier in 2025, highest first", f"select carrier_name, avg((delivered > promised)::int) from {CA} where year(picked_up) = 2025 group by 1 order by 2 desc"),
    ("claim rate by client tier", f"select tier, sum((select count(*) from claims c where c.shipment_no = s.shipment_no)) / count(*) from {CL} group by 1"),
    ("total claimed amount for lost shipments", "select sum(claimed) from claims join shipments using (shipment_no) where status = 'lost'"),
    ("clients with more than 112 shipments", f"select client_name, count(*) from {CL} group by 1 having count(*) > 112"),
    ("clients ranked by freight revenue", f"select client_name, sum(freight) from {CL} group by 1 order by 2 desc"),
    ("freight revenue for clients with more than 112 shipments", f"select client_name, sum(freight) from {CL} group by 1 having count(*) > 112"),
    ("How many shipments were picked up in 2025? How many of those were express?", f"select count(*), count(*) filter (where is_express) from {S} where year(picked_up) = 2025"),
    ("shipments by carrier in 2025, of which express", f"select carrier_name, count(*), count(*) filter (where is_express) from {CA} where year(picked_up) = 2025 group by 1"),
    ("pls give me revenue by carrier for april 2026, thanks", f"select carrier_name, sum(freight) from {CA} where picked_up between date '2026-04-01' and date '2026-04-30' group by 1"),
    ("revenue from food clients excl. Alto Foods", f"select sum(freight) from {CL} where industry = 'food' and client_name <> 'Alto Foods'"),
    ("revenue w/o air in 2025", f"select sum(freight) from {CA} where mode <> 'air' and year(picked_up) = 2025"),
    ("shipments that went neither by sea nor by air in 2025", f"select count(*) from {CA} where mode not in ('sea', 'air') and year(picked_up) = 2025"),
    ("revenue on Mondays in 2025", f"select sum(freight) from {S} where isodow(picked_up) = 1 and year(picked_up) = 2025"),
    ("shipments delivered on Sundays in 2025", f"select count(*) from {S} where isodow(delivered) = 7 and year(picked_up) = 2025"),
    ("revenue by weekday in 2025", f"select dayname(picked_up), sum(freight) from {S} where year(picked_up) = 2025 group by 1"),
    ("which day of the week has the most revenue", f"select dayname(picked_up), sum(freight) from {S} group by 1 order by 2 desc limit 1"),
    ("claims on Mondays", "select count(*) from claims where isodow(filed_on) = 1"),
    ("revenue excluding weekends in 2025", f"select sum(freight) from {S} where isodow(picked_up) < 6 and year(picked_up) = 2025"),
    ("revenue per shipment by mode", f"select mode, sum(freight) / count(*) from {CA} group by 1"),
    ("average freight value per consignment by carrier last year", f"select carrier_name, sum(freight) / count(*) from {CA} where year(picked_up) = 2025 group by 1"),
    ("distance per shipment", f"select sum(distance_km) / count(*) from {S}"),
    ("average number of shipments per client in 2025", f"select count(*) / count(distinct client_id) from {S} where year(picked_up) = 2025"),
    ("freight divided by shipments", f"select sum(freight) / count(*) from {S}"),
    ("claimed amount as % of revenue by carrier in 2025",
     f"select carrier_name, c / f from (select carrier_name, sum(freight) f from {CA} where year(picked_up) = 2025 group by 1) join (select carrier_name, "
     "sum(claimed) c from claims join shipments using (shipment_no) join carriers using (carrier_id) where year(filed_on) = 2025 group by 1) using (carrier_name)"),
    ("ratio of weight to distance by mode", f"select mode, sum(weight_kg) / sum(distance_km) from {CA} group by 1"),
    ("express shipments as a share of all shipments by carrier in 2025", f"select carrier_name, avg(is_express::int) from {CA} where year(picked_up) = 2025 group by 1"),
    ("what percentage of revenue came from sea in 2025", f"select 'sea', sum(freight) filter (where mode = 'sea') / sum(freight) from {CA} where year(picked_up) = 2025"),
    ("% of revenue from gold clients", f"select 'gold', sum(freight) filter (where tier = 'gold') / sum(freight) from {CL}"),
    ("what share of shipments is express", f"select true, avg(is_express::int) from {S}"),
    ("top 3 clients by average monthly revenue in 2025", f"select client_name, sum(freight) / 12 from {CL} where year(picked_up) = 2025 group by 1 order by 2 desc limit 3"),
    ("clients whose average monthly revenue is above 3800 in 2025", f"select client_name, sum(freight) / 12 from {CL} where year(picked_up) = 2025 group by 1 having sum(freight) / 12 > 3800"),
    ("how much more revenue did we make in 2025 than in 2024?", f"select sum(freight) filter (where year(picked_up) = 2025), sum(freight) filter (where year(picked_up) = 2024) from {S}"),
    ("did revenue go up in 2025", f"select sum(freight) filter (where year(picked_up) = 2025), sum(freight) filter (where year(picked_up) = 2024) from {S}"),
    ("how many industries had claims in 2025", "select count(distinct industry) from claims join shipments using (shipment_no) join clients using (client_id) where year(filed_on) = 2025"),
    ("how many destination countries had shipments in April 2026", f"select count(distinct d.country) from {TO} where picked_up between date '2026-04-01' and date '2026-04-30'"),
    ("highest revenue day in 2025", f"select picked_up, sum(freight) from {S} where year(picked_up) = 2025 group by 1 order by 2 desc limit 1"),
    ("most common claim reason", "select reason, count(*) from claims group by 1 order by 2 desc limit 1"),
    ("cumulative freight revenue by month in 2025", f"select m, f, sum(f) over (order by m) from (select date_trunc('month', picked_up) m, sum(freight) f from {S} where year(picked_up) = 2025 group by 1)"),
]  # fmt: skip
LOGISTICS_NOT_ANSWERED = [
    "shipments by depot", "shipments by country", "how many shipments had a claim", "shipments without claims", "clients who never filed a claim",
    "on-time rate by carrier", "fuel cost by carrier", "shipments on one of the Mondays", "shipments this month", "how many claims in 2030", "shipments over 900 kg",
    "clients with no shipments in 2025",
    "How many shipments were picked up in 2025? How many of these went by sea?", "How many shipments in 2025? How many were by sea?",
    "freight revenue by tier for clients with more than 100 shipments", "is sea the top transport mode by freight revenue",
    "freight revenue and shipments sorted by freight revenue", "number of clients ranked by freight revenue",
    "freight revenue in 2025, of which express", "How many shipments in 2025? How many of them in May 2025?", "number of carriers with more than 100 shipments",
    "revenue this weekend", "revenue every Monday", "weekend vs weekday revenue", "average daily shipments on Mondays", "average daily shipments by weekday in 2025",
    "number of clients by weekday", "damage claims as a percentage of shipments in 2025", "sea claims as % of shipments", "average weight as a percentage of freight",
    "late rate per shipment", "what is the ratio of express shipments", "claimed amount in 2025 as a percentage of revenue in 2024",
    "which tier had the biggest drop in revenue in 2025 compared with 2024", "share of express shipments in 2025 by carrier", "how much more revenue in 2025",
    "average monthly revenue of clients with more than 50 shipments in 2025", "average monthly revenue in 2025 for clients with revenue above 45000",
    "how many tiers have revenue", "how many industries had no claims", "how many industries had shipments and claims in 2025", "50% of revenue in 2025", "how much more did we earn by sea than by air in 2025",
]  # fmt: skip


@pytest.fixture(scope="module")
def logistics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Agent, duckdb.DuckDBPyConnection]]:
    root = tmp_path_factory.mktemp("logistics")
    agent = Agent.open(make_logistics(root))
    agent.warm()  # else every refusal waits for the index in the making
    with duckdb.connect(str(root / "freight.duckdb"), read_only=True) as connection:
        yield agent, connection
    agent.close()


@pytest.mark.parametrize(("question", "sql"), LOGISTICS)
def test_logistics(logistics: tuple[Agent, duckdb.DuckDBPyConnection], question: str, sql: str) -> None:
    agent, connection = logistics
    case = Case(id="", question=question, accepted=(Accepted(sql=sql),), ranked="order by 2" in sql)
    answer = agent.ask(question)
    verdict = judge(answer, case, lambda text: connection.execute(text).fetchall())
    assert verdict == "right", f"{answer.status}: {answer.interpretation}\n{answer.text}\n{answer.rows[:4]}"


@pytest.mark.parametrize("question", LOGISTICS_NOT_ANSWERED)
def test_logistics_does_not_guess(logistics: tuple[Agent, duckdb.DuckDBPyConnection], question: str) -> None:
    answer = logistics[0].ask(question)
    assert answer.status != "answered", answer.interpretation


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Agent, duckdb.DuckDBPyConnection]]:
    root = tmp_path_factory.mktemp("hospital")
    agent = Agent.open(make_hospital(root))
    agent.warm()
    with duckdb.connect(str(root / "hospital.duckdb"), read_only=True) as connection:
        yield agent, connection
    agent.close()


@pytest.mark.parametrize(("question", "sql"), HOSPITAL)
def test_hospital(hospital: tuple[Agent, duckdb.DuckDBPyConnection], question: str, sql: str) -> None:
    agent, connection = hospital
    case = Case(id="", question=question, accepted=(Accepted(sql=sql),), ranked="order by" in sql)
    answer = agent.ask(question)
    verdict = judge(answer, case, lambda text: connection.execute(text).fetchall())
    assert verdict == "right", f"{answer.status}: {answer.interpretation}\n{answer.text}\n{answer.rows[:4]}"


@pytest.mark.parametrize("question", NOT_ANSWERED)
def test_hospital_does_not_guess(hospital: tuple[Agent, duckdb.DuckDBPyConnection], question: str) -> None:
    answer = hospital[0].ask(question)
    assert answer.status != "answered", answer.interpretation


@pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the broker's tables and questions are not beside the project"
)
def test_broker_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No answer is wrong, on a copy with other numbers neither; the count of right ones may only grow."""
    scored = score_cases(make_broker_project(tmp_path / "broker"), load_cases(FOLDER / "questions.jsonl"))
    with capsys.disabled():
        print("\nbroker:", *(f"{s.family} {s.right}/{s.cases} right" for s in summarise(scored)))
    assert [(one.case.id, one.answer.interpretation) for one in scored if one.verdict == "wrong"] == []
    assert sum(one.verdict == "right" for one in scored) >= 19

"""Take new raw files all the way to releases, one a delivery, in one Spark session.

Nothing is visible until a release's manifest is written, and every run begins by putting derived tables back
to the current release: a run may die at any moment. Without new files and with the same settings, contracts,
policies, dbt project, catalog and code nothing is done, and no Java is started.
Layer: pipeline. Joins every other module of it; imported by the command line only.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltalake.exceptions import DeltaError

from datatrust.core.errors import (
    DataTrustError,
    OutcomeError,
    UserError,
)
from datatrust.core.issues import Issue, SourcePosition
from datatrust.core.masking import load_masking_policy
from datatrust.core.release import (
    METRICS_TABLE,
    QUARANTINE_LOG,
    Release,
    list_releases,
    load_release,
    next_number,
    publish_release,
)
from datatrust.core.settings import Project
from pipeline.alerts.watch import RunWatch
from pipeline.contracts import SourceSpec, load_contracts
from pipeline.documents import write_documents
from pipeline.extract import extract_new
from pipeline.fingerprint import Changes, compare_hashes, compute_hashes, kept_texts, with_children
from pipeline.ledger import LEDGER, Delivery, Findings, find_new_files, load_ledger, mirror_ledger, withdraw
from pipeline.lineage_events.teller import LineageTeller
from pipeline.lock import hold_lock
from pipeline.masking import open_masker
from pipeline.observe import StepMetric, next_run, record_steps
from pipeline.outside import log_trace, worded
from pipeline.progress import Advance, RunProgress, SilentProgress
from pipeline.publish import BUSINESS_METRICS, Evidence, MetricRow, make_candidate, with_business_metrics
from pipeline.quarantine_log import log_steps
from pipeline.replay import Replay, move_steps
from pipeline.restore import restore_tables
from pipeline.selection import check_sources
from pipeline.source_rules import SourceFinding, judge_sources, refuse_findings
from pipeline.summary import DeliverySummary, RunSummary, SourceLine, quality_warnings
from pipeline.tables import find_tables, pin_table
from pipeline.tokens import check_stored_tokens
from pipeline.zone import close_zone

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from pipeline.audit import Auditor
    from pipeline.gold import GoldBuilder, GoldResult
    from pipeline.results import IngestResult

BusinessMetrics = Callable[[Release], Iterable[MetricRow]]


def run_pipeline(
    project: Project,
    *,
    select: Sequence[str] = (),
    full_refresh: bool = False,
    replay: Replay | None = None,
    business_metrics: BusinessMetrics | None = None,
    progress: RunProgress | None = None,
) -> RunSummary:
    """Publish a release for each new delivery; return what was done.

    Args:
        select: sources to look for new files of; none means all.
        full_refresh: derive everything again from bronze (of the selected sources), new files or not.
        replay: a source whose quarantined rows are all judged again; where nothing moves, nothing is published.
        business_metrics: computes the rows of gold.business_metrics on a candidate release.
        progress: told of every step.

    Raises:
        UserError: settings, contracts, policies or the dbt project are wrong; the last release is untouched.
        OutcomeError: a check refused the publish, or another run is at work; the last release serves.
    """
    shown = progress or SilentProgress()
    specs = load_contracts(project)
    check_sources([*select, *([replay.source] if replay else [])], specs)
    try:
        with hold_lock(project.warehouse) as lock:
            try:
                run = _Run(
                    project=project,
                    specs=specs,
                    select=tuple(select),
                    full_refresh=full_refresh,
                    replay=replay,
                    business_metrics=business_metrics,
                    progress=shown,
                    lock=lock,
                )
                with closing(run.watch):
                    return run.go()
            finally:
                close_zone(project.warehouse)
    except OSError as error:
        raise worded(error, project, "start") from error
    finally:
        shown.close()


@dataclass
class _Timed:
    """The steps of one delivery, for the summary and for ops.pipeline_metrics."""

    seconds: dict[str, float] = field(default_factory=dict)
    metrics: list[StepMetric] = field(default_factory=list)


class _Run:
    """One call of `run_pipeline`, under the lock."""

    def __init__(
        self,
        *,
        project: Project,
        specs: tuple[SourceSpec, ...],
        select: tuple[str, ...],
        full_refresh: bool,
        replay: Replay | None,
        business_metrics: BusinessMetrics | None,
        progress: RunProgress,
        lock: int,
    ) -> None:
        self.project = project
        self.warehouse = project.warehouse
        self.specs = specs
        self.select = select
        self.full_refresh = full_refresh
        self.replay = replay
        self.business_metrics = business_metrics
        self.progress = progress
        self.lock = lock
        self.begun = time.monotonic()
        self.policy = load_masking_policy(project)
        self.problems: list[str] = []
        self.drift: list[str] = []
        said = close_zone(self.warehouse)
        self.notices = [said] if said else []
        self.key_id = open_masker(project, specs).key_id  # before the hashes: the first run makes the key
        self.current = load_release(self.warehouse) if list_releases(self.warehouse) else None
        self.hashes = compute_hashes(project, specs)
        self.docs: Path | None = None  # index page of the last audit
        self.number = next_run(self.warehouse)
        self.watch = RunWatch(project, run=self.number)
        self.teller = LineageTeller(project)

    def go(self) -> RunSummary:
        restored = restore_tables(self.warehouse, self.current)
        self.problems += extract_new(self.warehouse, self.specs, self.select)
        findings = find_new_files(self.project, self.specs, select=self.select)
        changes = self._changes()
        if self.current is None and not findings.deliveries:
            raise _no_files(self.project, self.specs, self.problems)
        if not findings.deliveries and not changes.any and self.replay is None:
            if any(spec.source_rules for spec in self.specs):
                self._look_at_age()
            return self._summary(findings, restored, nothing_new=True)
        is_new = bool(findings.deliveries or changes.sources or changes.gold)
        if not is_new and self.replay is None:
            return self._summary(findings, restored, done=[self._redefine()])
        return self._derive(findings, changes, restored)

    def _changes(self) -> Changes:
        changes = compare_hashes(self.current.hashes if self.current else None, self.hashes, self.specs)
        if self.full_refresh and self.current is not None:
            asked = with_children(self.select or [spec.name for spec in self.specs], self.specs)
            changes = replace(changes, sources=changes.sources | asked, gold=True)
        return changes

    def _derive(self, findings: Findings, changes: Changes, restored: tuple[str, ...]) -> RunSummary:
        from pipeline.audit import Auditor
        from pipeline.gold import GoldBuilder
        from pipeline.session import open_session

        with self.progress.step("starting Spark"):
            auditor, gold = Auditor(), GoldBuilder(self.project)
            self.teller.prepare()
            spark = open_session(
                self.project,
                input_bytes=self._input_bytes(findings, changes),
                deliveries=len(findings.deliveries),
                inherit=(self.lock,),
            )
        setup = time.monotonic() - self.begun
        done: list[DeliverySummary] = []
        deliveries = findings.deliveries or (Delivery(name=None, files=()),)
        for delivery in deliveries:
            first = not done
            published = self._deliver(
                spark,
                gold,
                auditor,
                delivery,
                refresh=changes.sources if first else frozenset(),
                refresh_gold=changes.gold and first,
                replay=self.replay if first else None,
                last=delivery is deliveries[-1],
            )
            done += [published] if published else []
        if not done and changes.definitions:
            done.append(self._redefine())
        summary = self._summary(findings, restored, done=done, nothing_new=not done)
        return replace(summary, setup_seconds=round(setup, 1))

    def _input_bytes(self, findings: Findings, changes: Changes) -> int:
        new = sum(file.size for delivery in findings.deliveries for file in delivery.files)
        again = changes.sources or changes.gold
        old = sum(entry.size for entry in load_ledger(self.warehouse)) if again else 0
        return new + old

    def _deliver(
        self,
        spark: SparkSession,
        gold: GoldBuilder,
        auditor: Auditor,
        delivery: Delivery,
        *,
        refresh: frozenset[str],
        refresh_gold: bool,
        replay: Replay | None,
        last: bool,
    ) -> DeliverySummary | None:
        """Take one delivery from raw files to a published release; None where a replay has moved nothing."""
        title = delivery.name or (self.current.delivery if self.current and not delivery.files else None)
        timed = _Timed()
        prefix = f"{delivery.name}: " if delivery.name else ""
        since = self._since_sequence(delivery)
        self.teller.begin(title)
        with self._recorded(title, timed):
            if replaced := [file for file in delivery.files if file.replaces is not None]:
                withdraw(self.warehouse, [file.replaces for file in replaced if file.replaces is not None])
                refresh = frozenset(with_children(refresh | {file.source for file in replaced}, self.specs))
                refresh_gold = True
            with self._step(timed, "silver", f"{prefix}raw files to silver", len(self.specs)) as advance:
                taken = self._ingest(spark, delivery, refresh, replay, advance)
                if not (delivery.files or refresh or refresh_gold or taken.moved):
                    self.teller.unchanged()
                    return None
                timed.metrics += _ingest_metrics(taken)
                self.watch.ingested(taken)
                self._check_share(taken)
                findings = self._judge_sources(taken, fresh=last and bool(delivery.files))
            with self._step(timed, "gold", f"{prefix}gold", gold.table_count()) as advance:
                since = min(since, (taken.oldest_sequence or since + 1) - 1)
                rebuild = refresh_gold or taken.needs_rebuild
                built = self._build_gold(spark, gold, since, rebuild, advance)
            if self.project.config.anomalies:
                with self._step(timed, "anomalies", f"{prefix}anomalies"):
                    built = self._find_anomalies(spark, built)
            with self._step(timed, "audit", f"{prefix}audit", len(self.specs) + len(built.tables)) as advance:
                evidence = self._prove(spark, auditor, taken, built, findings, title, advance)
            with self._step(timed, "publish", f"{prefix}metrics and publish"):
                candidate = make_candidate(self.project, self.specs, evidence, parent=self.current)
                self._check_tokens(candidate)
                if self.business_metrics is not None:
                    rows = self.business_metrics(candidate)
                    candidate = with_business_metrics(self.warehouse, candidate, rows)
                candidate = write_documents(
                    self.warehouse, candidate, self.specs, self.policy, built, title=self.project.title
                )
            moves = move_steps(taken, release=candidate.id, replay=replay, refreshed=refresh)
            log_steps(self.warehouse, moves, by=replay.by if replay else None)
            release = self._publish(candidate, timed, built, title)
        self.teller.published(self.warehouse, release, taken.sources, built.seconds)
        return DeliverySummary(
            delivery=title,
            release=release.id,
            sources=tuple(_source_line(result) for result in taken.sources),
            gold={name: pin.rows for name, pin in release.tables.items() if name.startswith("gold.")},
            checks=release.quality.checks,
            warnings=release.quality.warnings,
            warned=quality_warnings(release.quality),
            seconds={step: round(seconds, 1) for step, seconds in timed.seconds.items()},
        )

    def _since_sequence(self, delivery: Delivery) -> int:
        """Return a file number below which gold has seen everything: rows of a dead run keep their old number."""
        known = max((entry.sequence for entry in load_ledger(self.warehouse)), default=0)
        return min([known, *(file.sequence - 1 for file in delivery.files)])

    def _ingest(
        self,
        spark: SparkSession,
        delivery: Delivery,
        refresh: frozenset[str],
        replay: Replay | None,
        advance: Advance,
    ) -> IngestResult:
        from pipeline.ingest import ingest_delivery

        def told(source: str, step: str) -> None:
            advance(f"{source} {step}", parts=1 if step == "done" else 0)

        taken = ingest_delivery(
            spark,
            self.project,
            self.specs,
            delivery,
            refresh=refresh,
            replay=[replay.source] if replay else [],
            progress=told,
        )
        for result in taken.sources:
            self.problems += [f"{entry.path}: {entry.message}" for entry in result.rejected_files]
            self.notices += [f"{entry.path}: {entry.message}" for entry in result.noted_files]
            self.drift += result.drift
            if result.failure is not None:
                self.problems.append(
                    f"{result.source}: {result.failure}; it stays as it was, its new files are tried again"
                )
        for source, error in taken.failures.items():
            log_trace(error, self.project, source)
        return taken

    def _check_share(self, taken: IngestResult) -> None:
        """Of the new rows; of a source that was derived again, all rows are new."""
        limit = self.project.config.publish.max_quarantined_share
        beyond = []
        for result in taken.sources:
            again = result.refreshed
            rows = result.control.read if again else result.rows_read
            # a repaired row that is still wrong was counted when it first came
            rejected = result.control.quarantined if again else result.quarantined - result.settled
            if rows and rejected / rows > limit:
                beyond.append(f"{result.source}: {rejected:,} of {rows:,} rows quarantined")
        if beyond:
            raise OutcomeError(
                f"more than {limit:.0%} of new rows are quarantined, the release is refused:\n  "
                + "\n  ".join(beyond)
                + "\n  the last release still serves"
            )

    def _check_tokens(self, candidate: Release) -> None:
        """Tokens of a few values are none: whoever counts them reads the values."""
        weak = list(check_stored_tokens(self.warehouse, candidate, self.specs, self.policy))
        if weak:
            said = "\n".join(issue.render() for issue in weak)
            raise OutcomeError(f"tokens that hide nothing, the release is refused:\n{said}")

    def _judge_sources(self, taken: IngestResult, *, fresh: bool) -> tuple[SourceFinding, ...]:
        """Return the source rules that warn and do not hold; one that rejects stops the publish."""
        new = [e.sequence for result in taken.sources for e in result.files if e.status == "loaded"]
        findings = judge_sources(
            self.warehouse, self.specs, taken.ledger, today=self.project.today(), new=new, fresh=fresh
        )
        if fresh:
            self.watch.judged(self.specs, findings)
        refuse_findings(findings)
        return findings

    def _look_at_age(self) -> None:
        """Nothing has come: the moment to see whether something should have."""
        ledger = load_ledger(self.warehouse)
        self.watch.judged(
            self.specs, judge_sources(self.warehouse, self.specs, ledger, today=self.project.today())
        )

    def _build_gold(
        self, spark: SparkSession, gold: GoldBuilder, since: int, refresh: bool, advance: Advance
    ) -> GoldResult:
        return gold.build(spark, since_sequence=since, full_refresh=refresh, advance=advance)

    def _find_anomalies(self, spark: SparkSession, built: GoldResult) -> GoldResult:
        from pipeline.anomalies import build_anomalies

        return build_anomalies(spark, self.project, built)

    def _prove(
        self,
        spark: SparkSession,
        auditor: Auditor,
        taken: IngestResult,
        built: GoldResult,
        findings: Sequence[SourceFinding],
        title: str | None,
        advance: Advance,
    ) -> Evidence:
        from pipeline.audit import judge_outcomes, plan_checks
        from pipeline.conservation import check_conservation
        from pipeline.data_docs import write_data_docs

        controls = tuple(result.control for result in taken.sources)
        held = check_conservation(self.warehouse, self.specs, controls, taken.ledger)
        today = self.project.today()
        there = find_tables(self.warehouse)
        planned = plan_checks(self.specs, self.policy, built.column_tests, today=today, key_id=self.key_id)
        checks = [check for check in planned if {check.table, *check.others.values()} <= set(there)]
        rows = {name: pin_table(self.warehouse, name).rows for name in {c.table for c in checks}}
        outcomes = auditor.run(
            spark, self.warehouse, checks, self.specs, rows=rows, today=today, advance=advance
        )
        heading = f"{self.project.title}, {f'closing {title}' if title else 'audit'}"
        self.docs = write_data_docs(self.warehouse, outcomes, findings, self.specs, heading=heading)
        quality = judge_outcomes(outcomes)
        warned = (
            *({"check": f.check, "status": "warning", "message": f.message} for f in findings),
            *({"check": name, "status": "warning"} for name in built.warnings),
        )
        quality = replace(
            quality,
            status="passed_with_warnings" if warned else quality.status,
            checks=quality.checks + held + built.tests + sum(len(spec.source_rules) for spec in self.specs),
            warnings=quality.warnings + len(warned),
            details=quality.details + warned,
        )
        return Evidence(
            controls=controls,
            quality=quality,
            gold=built.lineage,
            hashes=self.hashes,
            fresh_as_of=taken.fresh_as_of,
            delivery=title,
        )

    def _publish(self, candidate: Release, timed: _Timed, built: GoldResult, title: str | None) -> Release:
        """Write down the run, so that the release holds its own record, then make the release visible."""
        for name, pin in sorted(candidate.tables.items()):
            if name.startswith("gold."):
                timed.metrics.append(
                    StepMetric(
                        step="gold", table=name, row_count=pin.rows, duration_seconds=built.seconds.get(name)
                    )
                )
        steps = [StepMetric(step=step, duration_seconds=s) for step, s in timed.seconds.items()]
        record_steps(self.warehouse, run=self.number, delivery=title, steps=[*timed.metrics, *steps])
        return self._make_visible(candidate)

    def _make_visible(self, candidate: Release) -> Release:
        there = find_tables(self.warehouse)
        grown = {
            name: pin_table(self.warehouse, name) for name in (METRICS_TABLE, QUARANTINE_LOG) if name in there
        }
        pinned = {**candidate.tables, **grown}
        release = replace(candidate, tables=pinned)
        if LEDGER in pinned:
            mirror_ledger(self.warehouse, pinned[LEDGER])
        publish_release(self.warehouse, release)
        self.watch.published(release.id)
        self.current = release
        return release

    def _redefine(self) -> DeliverySummary:
        """Publish the tables of the current release under today's catalog and policies."""
        current = self.current
        assert current is not None
        timed = _Timed()
        with (
            self._recorded(current.delivery, timed),
            self._step(timed, "publish", "metrics and publish"),
        ):
            candidate = replace(
                current,
                number=next_number(self.warehouse),
                parent=current.number,
                restores=None,
                compacts=None,
                created_at=_now(),
                files=kept_texts(self.project),
                hashes=dict(self.hashes),
                tables={name: pin for name, pin in current.tables.items() if name != BUSINESS_METRICS},
            )
            if self.business_metrics is not None:
                rows = self.business_metrics(candidate)
                candidate = with_business_metrics(self.warehouse, candidate, rows)
        steps = [StepMetric(step=step, duration_seconds=s) for step, s in timed.seconds.items()]
        record_steps(self.warehouse, run=self.number, delivery=current.delivery, steps=steps)
        release = self._make_visible(candidate)
        return DeliverySummary(
            delivery=release.delivery,
            release=release.id,
            sources=(),
            gold={name: pin.rows for name, pin in release.tables.items() if name.startswith("gold.")},
            checks=release.quality.checks,
            warnings=release.quality.warnings,
            warned=quality_warnings(release.quality),
            seconds={step: round(seconds, 1) for step, seconds in timed.seconds.items()},
        )

    @contextmanager
    def _step(self, timed: _Timed, name: str, label: str, parts: int = 1) -> Iterator[Advance]:
        begun = time.monotonic()
        self.teller.step(name)
        try:
            with self.progress.step(label, parts) as advance:
                yield advance
        finally:
            timed.seconds[name] = time.monotonic() - begun

    @contextmanager
    def _recorded(self, title: str | None, timed: _Timed) -> Iterator[None]:
        """Write a failure down before it goes on; what Spark says is worded without a value of a row."""
        try:
            yield
        except Exception as error:
            failed = list(timed.seconds)[-1] if timed.seconds else "start"
            told = error if isinstance(error, DataTrustError) else worded(error, self.project, failed)
            steps = [
                StepMetric(
                    step=step,
                    duration_seconds=seconds,
                    success=step != failed,
                    message=str(told).splitlines()[0][:500] if step == failed else None,
                )
                for step, seconds in timed.seconds.items()
            ]
            self.watch.failed(failed, told)
            self.teller.failed(failed)
            with suppress(DeltaError, OSError):  # the disk may be what failed
                record_steps(self.warehouse, run=self.number, delivery=title, steps=[*timed.metrics, *steps])
            if told is error:
                raise
            raise told from error

    def _summary(
        self,
        findings: Findings,
        restored: tuple[str, ...],
        *,
        nothing_new: bool = False,
        done: Sequence[DeliverySummary] = (),
    ) -> RunSummary:
        return RunSummary(
            release=self.current.id if self.current else None,
            nothing_new=nothing_new,
            deliveries=tuple(done),
            restored=restored,
            problems=tuple(self.problems),
            drift=tuple(self.drift),
            unclaimed=findings.unclaimed,
            notices=(*self.notices, *([self.teller.problem] if self.teller.problem else [])),
            data_docs=self.project.shown(self.docs) if self.docs else None,
            seconds=round(time.monotonic() - self.begun, 1),
        )


def _no_files(project: Project, specs: Sequence[SourceSpec], problems: Sequence[str]) -> UserError:
    patterns = ", ".join(sorted({spec.glob for spec in specs if spec.database is None}))
    looked_for = f"; looked for {patterns}" if patterns else ""
    nothing = Issue(
        code="DT471",
        message=f"no raw file for any source in {project.shown(project.raw)}{looked_for}",
        at=SourcePosition(file=str(project.config_file)),
        hint="put files there, or name another folder: raw in pipeline_config.json, or DATATRUST_RAW",
    )
    return UserError.all([nothing, *(Issue(code="DT472", message=problem) for problem in problems)])


def _ingest_metrics(taken: IngestResult) -> list[StepMetric]:
    metrics = []
    for result in taken.sources:
        for table, rows in sorted(result.tables.items()):
            layer = table.split(".")[0]
            metrics.append(
                StepMetric(
                    step=layer,
                    table=table,
                    row_count=rows,
                    rows_in=result.rows_read,
                    rows_out=result.rows_read if layer == "bronze" else result.valid,
                    rejected=0 if layer == "bronze" else result.quarantined,
                    duration_seconds=result.duration_seconds,
                    success=result.failure is None,
                    message=f"{result.source}: {result.failure}" if result.failure else None,
                )
            )
    return metrics


def _source_line(result: Any) -> SourceLine:
    return SourceLine(
        source=result.source,
        files=len(result.files),
        read=result.rows_read,
        valid=result.valid,
        quarantined=result.quarantined,
        duplicate=result.duplicate,
        superseded=result.superseded,
        discarded=result.discarded,
        freed=result.freed,
        settled=result.settled,
        reasons=dict(result.reasons),
    )


def _now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)

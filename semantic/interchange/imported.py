"""What an import gives, and how a read catalog with its extension becomes one.

Layer: semantic. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from datatrust.core.errors import UserError
from datatrust.core.issues import Issue, SourcePosition
from semantic.dbt.losses import Loss
from semantic.interchange.judged import MadeCatalog
from semantic.interchange.overlay import Extension, as_written, extended
from semantic.interchange.plain import PlainCatalog, plain_catalog


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A catalog's files, and what of the other tool's is not in them."""

    texts: Mapping[str, str]  # file name -> YAML
    losses: tuple[Loss, ...]
    metrics: int  # that were read, of those that the file has
    asked: int
    models: int

    @property
    def refused(self) -> tuple[Loss, ...]:
        """The metrics that were not read."""
        return tuple(each for each in self.losses if each.kind == "metric" and not each.is_note)

    @property
    def reasons(self) -> dict[str, int]:
        """How many losses there are of each reason."""
        return dict(sorted(Counter(each.reason.value for each in self.losses).items()))


def plain_of(made: MadeCatalog) -> PlainCatalog:
    """Return what was read, after `judge`, as plain data; nothing where nothing was read."""
    return plain_catalog(made.loaded) if made.loaded is not None else PlainCatalog(models={}, metrics={})


def finished(
    made: MadeCatalog,
    losses: list[Loss],
    *,
    extension: Extension | None,
    asked: Mapping[str, SourcePosition | None],
) -> Imported:
    """Judge what was read, lay its extension over it, and return the catalog.

    Raises:
        UserError: nothing of it could be read.
    """
    losses = [*losses, *made.judge()]
    if extension is not None:
        with as_written():
            plain, stale = extended(plain_of(made), extension)
        made = MadeCatalog(
            tool=made.tool,
            models=dict(plain.models),
            metrics=dict(plain.metrics),
            places=made.places,
            settings=dict(extension.settings),
        )
        held = {*extension.more_metrics, *extension.more_models}
        losses = [each for each in losses if each.name not in held] + stale + made.judge()
    texts = made.texts()
    if not texts:
        if losses:
            raise UserError.all([Issue(code="DT213", message=each.render(), at=each.at) for each in losses])
        raise UserError(Issue(code="DT101", message="the file holds no semantic model and no metric"))
    unread = (each.name for each in losses if each.kind == "metric" and not each.is_note)
    names = {*asked, *unread, *(extension.more_metrics if extension else ())}
    return Imported(
        texts=texts,
        losses=tuple(losses),
        metrics=sum(name in made.metrics for name in names),
        asked=len(names),
        models=len(made.models),
    )

"""How dbt's entities join models: by name, many to one, from a key to a primary, unique or natural one.

Layer: semantic. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from semantic.dbt.form import DbtDimension, Entity, Manifest, SemanticModel
from semantic.dbt.losses import NotRead, Reason

_ONE = ("primary", "unique")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One join: from a key of a model to the model that has it once."""

    entity: str
    alias: str
    target: SemanticModel
    own: Entity
    other: Entity
    partitions: tuple[tuple[DbtDimension, DbtDimension], ...] = ()  # time partitions that must be the same

    @property
    def by_day(self) -> bool:
        """Whether the version of the row's day is joined."""
        return self.target.validity is not None and self.other.type == "natural"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A dimension or an entity, and the join aliases that lead there."""

    path: tuple[str, ...]
    model: SemanticModel
    name: str

    @property
    def dotted(self) -> str:
        """How our expressions call it."""
        return ".".join((*self.path, self.name))


class Graph:
    """The joins of a manifest."""

    def __init__(self, manifest: Manifest) -> None:
        self._models = {model.name: model for model in manifest.models}
        self.links: Mapping[str, tuple[Link, ...]] = {
            name: self._of(model) for name, model in self._models.items()
        }

    def _of(self, model: SemanticModel) -> tuple[Link, ...]:
        pairs = [
            (own, other, target)
            for own in model.entities
            for target in self._models.values()
            if target.name != model.name
            for other in target.entities
            if other.name == own.name and _is_one(own, other, target)
        ]
        leading = [target.name for _, _, target in pairs]
        return tuple(
            Link(
                entity=own.name,
                alias=target.name if leading.count(target.name) == 1 else f"{own.name}_{target.name}",
                target=target,
                own=own,
                other=other,
                partitions=_partitions(model, target),
            )
            for own, other, target in pairs
        )

    def find(self, model: SemanticModel, links: Sequence[str], name: str, *, entity: bool = False) -> Found:
        """Return the dimension (or entity) called `name` that the entities `links` lead to from `model`.

        Raises:
            NotRead: none is there, or several are.
        """

        def has(each: SemanticModel) -> bool:
            return (each.entity(name) if entity else each.dimension(name)) is not None

        called = entity_dimension if entity else _own_name
        if has(model) and (not links or (len(links) == 1 and links[0] == model.rows_are)):
            return Found(path=(), model=model, name=called(model, name))
        waiting: list[tuple[tuple[str, ...], SemanticModel]] = [((), model)]
        for link in links:
            waiting = [
                ((*path, each.alias), each.target)
                for path, here in waiting
                for each in self.links[here.name]
                if each.entity == link and each.target.name != model.name
            ]
        found = [
            Found(path=path, model=here, name=called(here, name))
            for path, here in waiting
            if path and has(here)
        ]
        asked = "__".join((*links, name))
        if len(found) == 1:
            return found[0]
        if found:
            ways = " and ".join(".".join(each.path) for each in found)
            raise NotRead(Reason.AMBIGUOUS, f'"{asked}" is reached by {ways} from model "{model.name}"')
        raise NotRead(Reason.UNKNOWN_NAME, f'"{asked}" is not reached from model "{model.name}"')

    def members_of(self, model: SemanticModel, entity: str) -> list[SemanticModel]:
        """Return the models that have one row for each `entity`, the given one first."""
        others = [each for each in self._models.values() if each.name != model.name]
        return [each for each in (model, *others) if key_of(each) == (entity,)]


def entity_dimension(model: SemanticModel, entity: str) -> str:
    """Return what our dimension of an entity's key is called: as the entity, unless a dimension has that name."""
    own, known = model.dimension(entity), model.entity(entity)
    assert known is not None
    return entity if own is None or (own.expr or own.name) == known.key else f"{entity}_key"


def _own_name(model: SemanticModel, name: str) -> str:
    return name


def key_of(model: SemanticModel) -> tuple[str, ...]:
    """Return the entity that a row is, and the partition that it is in: what tells rows apart."""
    own = next((each for each in model.entities if each.type == "primary"), None)
    own = own or next((each for each in model.entities if each.type == "unique"), None)
    if own is None:
        return ()
    return (own.name, *(each.name for each in model.dimensions if each.is_partition))


def _is_one(own: Entity, other: Entity, target: SemanticModel) -> bool:
    if other.type == "natural":
        return target.validity is not None and own.type != "natural"
    return other.type in _ONE


def _partitions(model: SemanticModel, target: SemanticModel) -> tuple[tuple[DbtDimension, DbtDimension], ...]:
    pairs = [(each, target.dimension(each.name)) for each in model.dimensions if each.is_partition]
    return tuple((own, other) for own, other in pairs if other is not None and other.is_partition)

"""Contracts (Open Data Contract Standard 3.x) as frozen objects; `load_contracts` is the way in."""

from pipeline.contracts.loader import load_contracts
from pipeline.contracts.model import ColumnSpec, ColumnType, ForeignKey, RowCount, Rule, SourceSpec

__all__ = ["ColumnSpec", "ColumnType", "ForeignKey", "RowCount", "Rule", "SourceSpec", "load_contracts"]

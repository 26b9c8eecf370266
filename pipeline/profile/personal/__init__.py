"""Personal data in columns, by name and content; one file a class, `looks_personal` and `classify` are the ways in."""

from __future__ import annotations

from pipeline.profile.personal.base import Finding
from pipeline.profile.personal.classify import classify, detectors, looks_personal

__all__ = ["Finding", "classify", "detectors", "looks_personal"]

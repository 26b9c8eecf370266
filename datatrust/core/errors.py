"""Every error that is raised on purpose, split by who can act on it.

    DataTrustError       everything raised on purpose
      UserError          the author or asker can fix it; carries Issues; exit code 2
        UnknownName      a metric, dimension, source or release that does not exist
        AccessDenied     the viewer's role may not see it
        Ambiguous        two readings, and no rule to choose between them
      OutcomeError       it ran and the outcome is bad: a failed audit, a refused publish; exit code 1
      EngineError        the database or Spark failed; carries the SQL; exit code 1
        FilesGone        the files behind a release have been removed or are damaged
        TooLarge         a number would not be exact: none is given
      Stopped            who asked stopped it: no number is given; exit code 1
      NotRecorded        the answer log cannot take a record: no number is given; exit code 1
      InternalError      our bug; asks for a report; exit code 1

Layer: core.
"""

from __future__ import annotations

from collections.abc import Sequence

from datatrust.core.issues import Issue


class DataTrustError(Exception):
    """Base of the tree; `exit_code` is what the command line returns for it."""

    exit_code = 1


class UserError(DataTrustError):
    """The author or the asker can fix it: one or more issues, all found at once."""

    exit_code = 2

    def __init__(self, *issues: Issue) -> None:
        self.issues: tuple[Issue, ...] = issues
        super().__init__("\n".join(issue.render() for issue in issues))

    @classmethod
    def all(cls, issues: Sequence[Issue]) -> UserError:
        """Return one error for many issues."""
        return cls(*issues)


class UnknownName(UserError):
    """A name that nothing answers to."""


class AccessDenied(UserError):
    """The viewer's role does not allow it."""


class Ambiguous(UserError):
    """More than one thing answers to the name."""


class Stopped(DataTrustError):
    """Who asked for the work stopped it before it was done."""


class OutcomeError(DataTrustError):
    """The work ran and its outcome is bad; the last good release is untouched."""


class EngineError(DataTrustError):
    """The engine failed on a statement of ours; `sql` is for logs, not for the asker."""

    def __init__(self, message: str, *, sql: str | None = None) -> None:
        self.sql = sql
        super().__init__(message)


class TooLarge(EngineError):
    """A number would have more digits than are computed exactly, so none is given. Only another question helps."""


class FilesGone(EngineError):
    """The files behind a release have been removed or are damaged: nothing can be answered on it."""


class ModelFailure(DataTrustError):
    """The language model did not serve. `why` ends "the language model …"; it quotes nothing that a server sent."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the language model {why}")


class NotRecorded(DataTrustError):
    """The answer log cannot take or give a record; what it would prove must not be shown."""


class InternalError(DataTrustError):
    """A bug of ours; the message asks for a report."""

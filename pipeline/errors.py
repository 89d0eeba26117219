"""Errors grouped by what one does about them.

| class          | meaning                                   | what happens                        |
|----------------|-------------------------------------------|-------------------------------------|
| ConfigError    | the run cannot start as it was asked      | stop before the first record, exit 2 |
| RecordError    | this one record cannot be used            | dead letter, the run goes on        |
| TransientError | the outside world is away for the moment  | back off, then fail the bundle      |

Anything else is unknown: it fails the bundle and is never swallowed.
"""


class ShenavaError(Exception):
    """Root of every error that Shenava raises on purpose."""


class ConfigError(ShenavaError):
    """The configuration, a flag or an input path is wrong; the text says which and how to mend it."""


class RecordError(ShenavaError):
    """One record cannot be used. `reason` is a stable machine word, the text is for a person.

    The text must name the field at fault and never quote a post's text.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.reason, self.message)


class TransientError(ShenavaError):
    """A store or service did not answer; trying again may help."""

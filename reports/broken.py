"""The ways in which a file of records can be broken, one exception each."""

from pathlib import Path


class BrokenRecordsError(Exception):
    """A file of records that does not say what it should; ``line`` is where that shows."""

    label = "broken"
    incomplete = True

    def __init__(self, path: Path, line: int | None, what: str) -> None:
        super().__init__(path, line, what)
        self.path = path
        self.line = line
        self.what = what

    def __str__(self) -> str:
        """The file, the line and what is wrong there."""
        place = self.path.name if self.line is None else f"{self.path.name}, line {self.line}"
        return f"{place}: {self.what}"


class MissingHeaderError(BrokenRecordsError):
    """The file does not start with a header, so nothing in it can be placed. It is not read."""

    label = "no header"


class ForeignSchemaError(BrokenRecordsError):
    """The file follows another version of the record format. It is not read."""

    label = "foreign schema"


class HalfWrittenLineError(BrokenRecordsError):
    """The last line stops in the middle: the process died while writing it."""

    label = "half-written line"


class MalformedLineError(BrokenRecordsError):
    """A line that is not a JSON object."""

    label = "malformed line"


class BadRecordError(BrokenRecordsError):
    """A JSON object that is not a record: a field is missing or has a value it cannot have."""

    label = "bad record"


class MissingFooterError(BrokenRecordsError):
    """The process that wrote the file never finished: it crashed, was killed, or is still running."""

    label = "no footer"


class StillRunningError(BrokenRecordsError):
    """The file has no footer yet, and is still being written."""

    label = "running"


class CountMismatchError(BrokenRecordsError):
    """The footer counts other cases than the file holds."""

    label = "cases missing"


class ConflictError(BrokenRecordsError):
    """One case was recorded more than once, with different outcomes."""

    label = "conflict"
    incomplete = False


class SameWorkerError(BrokenRecordsError):
    """Two files claim to be the same worker of the same run."""

    label = "same worker twice"
    incomplete = False


class NoRecordsError(Exception):
    """There is nothing to read at a path that was given."""

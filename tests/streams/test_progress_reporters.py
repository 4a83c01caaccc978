"""The progress is displayed in a terminal that only a person sees, and logged everywhere else."""

from __future__ import annotations

import io

import pytest

from tap_marketo_bulk.exports.progress import LoggedProgress
from tap_marketo_bulk.streams.display import ProgressDisplay
from tap_marketo_bulk.streams.report import choose_reporter

TERMINAL = {"TERM": "xterm-256color"}


class Terminal(io.StringIO):
    """A file that claims to be a terminal."""

    def isatty(self) -> bool:
        """Return true."""
        return True


def test_in_a_terminal_beside_a_pipe_the_progress_is_displayed() -> None:
    assert isinstance(choose_reporter(io.StringIO(), Terminal(), TERMINAL), ProgressDisplay)


@pytest.mark.parametrize(
    ("out", "errors", "environment"),
    [
        (io.StringIO(), io.StringIO(), TERMINAL),
        # rich would write colors into a pipe.
        (io.StringIO(), io.StringIO(), TERMINAL | {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}),
        (Terminal(), io.StringIO(), TERMINAL),
        # The records are printed to the same terminal.
        (Terminal(), Terminal(), TERMINAL),
        (io.StringIO(), Terminal(), TERMINAL | {"MELTANO_PROJECT_ROOT": "/project"}),
        (io.StringIO(), Terminal(), {"TERM": "dumb"}),
    ],
)
def test_elsewhere_the_progress_is_logged(
    out: io.StringIO, errors: io.StringIO, environment: dict[str, str]
) -> None:
    assert isinstance(choose_reporter(out, errors, environment), LoggedProgress)


def test_by_default_the_files_of_the_process_decide() -> None:
    assert isinstance(choose_reporter(), LoggedProgress)

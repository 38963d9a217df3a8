"""The line at the top: story, repository, branch, clusters, tools; cut to what fits."""

from __future__ import annotations

from dataclasses import dataclass

from storyrunner.model.status import Status
from tui.viewmodel.board import Board
from tui.viewmodel.texts import Signs, cut

LEAST_TITLE = 40


@dataclass(frozen=True, slots=True)
class HeaderView:
    """The parts of the header. `tools` is empty text while they are looked for."""

    title: str
    repository: str
    clusters: str
    tools: str


def header_view(board: Board, signs: Signs) -> HeaderView:
    """The parts, whole."""
    here = board.repository
    changes = "" if here.changes is None else f" ±{here.changes}" if here.changes else " clean"
    if signs.ascii_only:
        changes = changes.replace("±", "+-")
    branch = f"{here.branch}{changes}" if here.branch else ""
    return HeaderView(
        title=board.title,
        repository="  ".join(part for part in (here.name, branch) if part),
        clusters=" ".join(cluster.name for cluster in board.runbook.clusters),
        tools=_tools(board, signs),
    )


def header_line(view: HeaderView, width: int, signs: Signs) -> tuple[str, str]:
    """Title and the rest, to stand left and right in `width` cells.

    The tools go first when there is no room, then the clusters; the title is cut last.
    """
    for parts in (
        (view.repository, view.clusters, view.tools),
        (view.repository, view.clusters),
        (view.repository,),
        (),
    ):
        right = "   ".join(part for part in parts if part)
        room = width - len(right) - 3
        if room >= min(len(view.title), LEAST_TITLE):
            return cut(view.title, room, signs.ellipsis), right
    return cut(view.title, width, signs.ellipsis), ""


def header_lines(board: Board, signs: Signs) -> list[tuple[str, str]]:
    """Everything of the header by name, for the help."""
    view = header_view(board, signs)
    tools = ", ".join(board.tools) if board.tools else view.tools
    return [
        ("Story", view.title),
        ("Repository", view.repository),
        ("Clusters", view.clusters),
        ("Tools", tools),
    ]


def _tools(board: Board, signs: Signs) -> str:
    wanted = board.wanted_tools()
    if board.tools is None:
        return f"tools {signs.ellipsis}" if wanted else ""
    found = {text.split()[0]: text for text in board.tools}
    parts = []
    for name in wanted:
        mark = signs.glyph(Status.PASSED if name in found else Status.SKIPPED)
        parts.append(f"{name} {mark}")
    return " ".join(parts)

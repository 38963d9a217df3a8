"""Edits of YAML files that keep every other byte: comments, order, quotes, indentation, line ends.

Each finds its place in the parsed file, changes the text there, parses the result and proves that
it says the intended and nothing else; else it raises ManifestError and nothing is edited. Text in,
text out: nothing here reads or writes a file.
"""

from __future__ import annotations

from storyrunner.gitops.edits_documents import append_document, remove_document
from storyrunner.gitops.edits_list import add_list_entry, remove_list_entry
from storyrunner.gitops.edits_map import set_map_key
from storyrunner.gitops.edits_splice import Edited

__all__ = [
    "Edited",
    "add_list_entry",
    "append_document",
    "remove_document",
    "remove_list_entry",
    "set_map_key",
]

"""The tools of this machine, found when first asked for and remembered for the run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from storyrunner.errors import HungToolError
from storyrunner.model.ports import Runner
from storyrunner.tools.detection import NAMES, detect, judge, recall
from storyrunner.tools.remembered import Remembered
from storyrunner.tools.tool import Detected, Tool


class Toolbox:
    """Answers what is here. `names` limits which tools may be looked for; others are missing.

    `remembered` spares the start of programs that have told their version before.
    """

    def __init__(
        self,
        runner: Runner,
        names: Sequence[str] = NAMES,
        remembered: Remembered | None = None,
    ) -> None:
        self._runner = runner
        self._remembered = remembered
        self._names = tuple(names)
        self._found: dict[str, asyncio.Future[Detected]] = {}
        self._sought: dict[str, Future[Detected]] = {}
        self._hung: dict[str, str] = {}

    def begin(self) -> None:
        """Look for all tools from now on, in a thread, while the program is still loading."""
        self._sought = {name: Future() for name in self._names}
        for name, future in self._sought.items():
            known = recall(self._runner, name, self._remembered)
            if known is not None:
                future.set_result(known)
        if not all(future.done() for future in self._sought.values()):
            threading.Thread(target=asyncio.run, args=(self._seek(),), daemon=True).start()

    async def find(self, name: str) -> Detected:
        """The tool as it is, whatever its version or flavour."""
        if name not in self._found:
            begun = self._sought.get(name)
            self._found[name] = (
                asyncio.wrap_future(begun)
                if begun
                else asyncio.ensure_future(detect(self._runner, name, self._remembered))
            )
        return await asyncio.shield(self._found[name])

    async def usable(self, name: str) -> Detected:
        """The tool, or Missing or Unusable with the reason when it cannot be used here."""
        return judge(await self.find(name))

    async def all_found(self) -> dict[str, Detected]:
        """Every tool as it is, found side by side."""
        found = await asyncio.gather(*(self.find(name) for name in self._names))
        return dict(zip(self._names, found, strict=True))

    def remember_hung(self, name: str, why: str) -> None:
        """A tool did not end in its time: asked again it would take all of that time again."""
        self._hung.setdefault(name, why)

    def refuse_hung(self, name: str) -> None:
        """Raises HungToolError when the tool hung before."""
        if name in self._hung:
            raise HungToolError(f"{self._hung[name]}; it is not asked again")

    async def all_usable(self) -> dict[str, Detected]:
        """Every tool, found side by side."""
        found = await asyncio.gather(*(self.usable(name) for name in self._names))
        return dict(zip(self._names, found, strict=True))

    async def summary(self) -> tuple[str, ...]:
        """The usable tools in words, for the head of a report."""
        found = await self.all_usable()
        return tuple(tool.shown for tool in found.values() if isinstance(tool, Tool))

    async def _seek(self) -> None:
        waiting = [name for name, future in self._sought.items() if not future.done()]
        await asyncio.gather(*(self._settle(name) for name in waiting))

    async def _settle(self, name: str) -> None:
        try:
            found = await detect(self._runner, name, self._remembered)
        except BaseException as error:  # noqa: BLE001 - handed to the one who asks
            self._sought[name].set_exception(error)
        else:
            self._sought[name].set_result(found)

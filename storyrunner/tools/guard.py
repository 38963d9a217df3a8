"""What ends the commands of a program that was itself killed without a chance to end them.

A few lines of shell, in a session of their own, read the process groups that run from a pipe. The
pipe ends when the program does, however it does: then what still runs gets two seconds to end by
itself (git finishes what it began, and leaves no lock behind), is asked to end, and five seconds
later killed. This module must not know how a process is started.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

SCRIPT = """
groups=' '
while read -r sign group; do
    case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;; esac ;;
    esac
done
end() { for group in $groups; do kill -s "$1" -- "-$group"; done; }
alive() { for group in $groups; do kill -s 0 -- "-$group" && return 0; done; return 1; }
wait_for() {
    tenths=$1
    while [ "$tenths" -gt 0 ] && alive; do sleep 0.1 || sleep 1; tenths=$((tenths - 1)); done
}
wait_for "${1:-20}"
if alive; then end TERM; wait_for "${2:-50}"; end KILL; fi
"""
"""Takes the tenths of a second before each of the two ends, for tests."""


class Guard:
    """Tells the guard, which is started with the first group, what runs.

    `start` starts it with the reading end of the pipe as its stdin; it may raise OSError, and then
    there is no guard. Not thread-safe by itself: `watch` is called by one thread at a time.
    """

    def __init__(self, start: Callable[[int], object]) -> None:
        self._start = start
        self._process: object = None
        self._owner = 0
        self._pipe = -1

    def watch(self, group: int) -> None:
        """The group runs from now on."""
        self._tell(f"+ {group}\n")

    def forget(self, group: int) -> None:
        """The group is gone."""
        self._tell(f"- {group}\n")

    def prepare(self) -> None:
        """Start the guard, unless this process has one: a fork does not share its parent's."""
        if self._owner == os.getpid():
            return
        reading, writing = os.pipe()
        try:
            os.set_blocking(writing, False)
            self._process = self._start(reading)
        except OSError:
            os.close(writing)
        else:
            self._pipe = writing
        finally:
            os.close(reading)
            self._owner = os.getpid()

    def _tell(self, line: str) -> None:
        if self._pipe >= 0 and self._owner == os.getpid():
            with suppress(OSError):  # it was killed, or is stopped: it is a help, not a condition
                os.write(self._pipe, line.encode())

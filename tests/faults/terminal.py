"""The session in a terminal of its own (a pty), as an engineer would have it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

MAIN = "import sys; from storyrunner.cli import main; sys.exit(main())"
PATIENCE = 90.0


class Terminal:
    """Runs the program with `arguments` in a pty; `shown` is all that it wrote so far."""

    def __init__(self, environment: dict[str, str], folder: Path, *arguments: object) -> None:
        self.shown = b""
        self._pid, self._screen = pty.fork()
        if self._pid == 0:  # the child: nothing but exec
            try:
                os.chdir(folder)
                words = [sys.executable, "-c", MAIN, *map(str, arguments)]
                os.execve(sys.executable, words, environment)
            finally:
                os._exit(127)
        self.resize(120, 40)

    def resize(self, columns: int, rows: int) -> None:
        """Change the window; the kernel sends SIGWINCH."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, size)

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._screen, keys)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        os.kill(self._pid, number)

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does."""
        os.close(self._screen)
        self._screen = -1

    def until(self, text: bytes) -> None:
        """Wait until something is on the screen, or the program is gone."""
        end = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} did not come: {self.shown[-2000:]!r}"
            if not self._read():
                break
        assert text in self.shown, f"it ended without {text!r}: {self.shown[-2000:]!r}"

    def ended(self) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._drain()
                return os.waitstatus_to_exitcode(status)
            if self._screen < 0 or not self._read():
                time.sleep(0.01)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        raise AssertionError(f"it did not end: {self.shown[-2000:]!r}")

    def _drain(self) -> None:
        if self._screen >= 0:
            while self._read():
                pass
            os.close(self._screen)
            self._screen = -1

    def _read(self) -> bool:
        """Take what is there within a moment; False when the other end is closed."""
        if not select.select([self._screen], [], [], 0.05)[0]:
            return os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        with suppress(OSError):
            data = os.read(self._screen, 65536)
            self.shown += data
            return bool(data)
        return False

"""cuiman's command line as a person uses it: it asks at a terminal for what its options do not say."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import yaml

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

import pty

ROOT = Path(__file__).parents[2]
KEYRING = "tests.interop.cuiman_setting.MemoryKeyring"

pytestmark = pytest.mark.anyio


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, *command: str, home: Path) -> None:
        self._end, side = pty.openpty()
        environment = {"HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHON_KEYRING_BACKEND": KEYRING, "TERM": "dumb"}
        self.program = subprocess.Popen(
            command, stdin=side, stdout=side, stderr=side, env=environment, start_new_session=True
        )
        os.close(side)
        self.told = ""

    async def tells(self, text: str) -> None:
        """Wait until the program has said something."""
        while text not in self.told:
            self.told += (await anyio.to_thread.run_sync(os.read, self._end, 1024, abandon_on_cancel=True)).decode()
        self.told = self.told.partition(text)[2]

    async def answer(self, question: str, reply: str) -> None:
        """Wait for a question, and write a line."""
        await self.tells(question)
        os.write(self._end, f"{reply}\n".encode())

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self._end)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    program = shutil.which("cuiman", path=Path(sys.executable).parent)
    assert program is not None
    terminal = Terminal(program, "configure", "--config", str(tmp_path / "profile.yml"), home=tmp_path)
    yield terminal
    terminal.close()


async def test_it_asks_for_its_settings_and_for_a_login(terminal: Terminal, own_backend: str, tmp_path: Path) -> None:
    with anyio.fail_after(60):
        await terminal.answer("Process API URL", own_backend)
        await terminal.answer("Authentication type", "basic")
        await terminal.answer("Log in now?", "y")
        await terminal.answer("Username", "ada")
        # What is typed before the last space is thrown away: only then is it hidden.
        await terminal.answer("Password: ", "lovelace")
        await terminal.tells("Login completed.")
    assert terminal.program.wait(timeout=30) == 0
    written = yaml.safe_load((tmp_path / "profile.yml").read_text(encoding="utf-8"))
    assert written == {"api_url": f"{own_backend}/", "auth": {"auth_type": "basic"}}

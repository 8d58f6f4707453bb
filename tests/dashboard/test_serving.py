"""Several processes: answers travel as files, and readers get them, their failures or a time."""

from __future__ import annotations

import errno
import importlib
import os
import pickle
import pkgutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from shown_town import NOW, MovingClock

import dashboard.queries
from dashboard.memory import Kept, Pending
from dashboard.queries.recipe import Recipe, Sources
from dashboard.recipes import RECIPES
from dashboard.serving.answers import Answers
from dashboard.serving.preparer import Preparer
from dashboard.serving.shared_memory import SharedMemory
from paes.errors import PaesError, StoreError
from paes.installation import Installation
from paes.store.sqlite import SqliteStore

KEY = ("sum", "one")
PATIENCE_S = 60


@dataclass
class Kitchen:
    """One recipe, a preparer that works when a reader pauses, and a worker's memory."""

    folder: Path
    clock: MovingClock = field(default_factory=MovingClock)
    seconds: float = 0.0
    failing: Exception | None = None
    made: int = 0
    is_cooking: bool = True

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o700)
        recipe = Recipe("sum", self.make, 60.0, lambda _: [("one",)])
        nothing: Any = None
        sources = Sources(nothing, nothing, self.clock, nothing)
        self.preparer = Preparer(Answers(self.folder), sources, [recipe], self.timer)
        self.answers = Answers(self.folder)
        self.answers.touch()
        self.memory = SharedMemory(self.answers, ["sum"], self.clock, 1.0, self.timer, self.pause)

    def timer(self) -> float:
        return self.seconds

    def make(self, _sources: Sources, word: str) -> str:
        self.made += 1
        if self.failing:
            raise self.failing
        self.clock.go_on(seconds=3)  # so long it takes
        self.seconds += 3
        return f"{word} {self.made}"

    def pause(self, seconds: float) -> None:
        self.seconds += seconds
        wished = self.preparer.wished() if self.is_cooking else None
        if wished:
            self.preparer.make(wished)

    def ask(self, key: tuple[str, ...] = KEY) -> Kept[Any]:
        return self.memory.get(key, lambda: "made by the worker", 60.0)


@pytest.fixture
def kitchen(tmp_path: Path) -> Kitchen:
    return Kitchen(tmp_path / "answers")


def test_first_answer_is_waited_for_and_tells_when_it_was_begun(kitchen: Kitchen) -> None:
    assert kitchen.ask() == Kept("one 1", NOW)
    assert kitchen.ask() == Kept("one 1", NOW)
    assert kitchen.preparer.wished() is None
    assert kitchen.ask(("sum", "two")) == Kept("two 2", NOW + timedelta(seconds=3))
    assert kitchen.memory.get(("other",), lambda: 7, 60.0).value == 7
    kitchen.memory.close()


def test_old_answer_is_handed_out_with_its_time_and_made_anew(kitchen: Kitchen) -> None:
    kitchen.ask()
    kitchen.clock.go_on(seconds=61)
    assert kitchen.ask() == Kept("one 1", NOW)
    kitchen.pause(0)
    assert kitchen.ask() == Kept("one 2", NOW + timedelta(seconds=64))
    kitchen.memory.renew(KEY, lambda: None)  # somebody decided something
    assert kitchen.preparer.wished() == KEY
    kitchen.failing = StoreError("away")
    kitchen.pause(0)
    assert kitchen.ask() == Kept("one 2", NOW + timedelta(seconds=64))


def test_reader_who_waits_too_long_is_told_since_when(kitchen: Kitchen) -> None:
    kitchen.is_cooking = False
    with pytest.raises(Pending) as first:
        kitchen.ask()
    with pytest.raises(Pending) as second:
        kitchen.ask()
    assert 0 <= (second.value.since - first.value.since).total_seconds() * -1 < PATIENCE_S
    assert len(kitchen.answers.wishes()) == 1


def test_first_failure_passes_through_and_is_tried_again_later(kitchen: Kitchen) -> None:
    kitchen.failing = StoreError("away")
    for _ in range(3):
        with pytest.raises(StoreError, match="away"):
            kitchen.ask()
    assert kitchen.made == 1
    kitchen.clock.go_on(seconds=6)
    kitchen.failing = None
    assert kitchen.ask().value == "one 2"


def test_without_a_preparer_workers_make_answers_themselves(
    kitchen: Kitchen, caplog: pytest.LogCaptureFixture
) -> None:
    os.utime(kitchen.folder / "alive", (0, 0))
    assert kitchen.ask().value == "made by the worker"
    assert kitchen.ask(("sum", "two")).value == "made by the worker"
    assert caplog.text.count("nobody prepares answers") == 1
    kitchen.memory.close()


def test_round_makes_the_longest_overdue_and_rests_between(kitchen: Kitchen) -> None:
    assert kitchen.preparer.due() == KEY
    kitchen.preparer.make(KEY)
    kitchen.seconds += 44.9  # 0.75 of its 60 s
    assert kitchen.preparer.due() is None
    kitchen.seconds += 0.2
    assert kitchen.preparer.due() == KEY
    asked = iter([False, False, True])
    kitchen.preparer.run(lambda: next(asked), lambda _: wait_for(lambda: kitchen.made == 2))
    assert kitchen.made == 2


def test_folder_that_others_may_open_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    with pytest.raises(PaesError, match="0700"):
        Answers(tmp_path)


def test_files_that_cannot_be_understood_are_as_if_they_were_not_there(kitchen: Kitchen) -> None:
    kitchen.ask()
    (answer,) = kitchen.folder.glob("*.answer")
    answer.write_bytes(answer.read_bytes()[:-3])
    (kitchen.folder / "torn.wish").write_bytes(b"")
    assert kitchen.preparer.wished() is None
    assert kitchen.ask().value == "one 2"


def test_while_the_disk_is_full_workers_make_answers_themselves(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        assert kitchen.ask().value == "made by the worker"  # the wish cannot be written
        kitchen.memory.renew(KEY, lambda: None)
        kitchen.preparer.make(KEY)
        assert kitchen.preparer.due() is None  # not again and again
        assert not kitchen.answers.is_tended
        assert kitchen.ask(("sum", "two")).value == "made by the worker"
        assert not list(kitchen.folder.glob("*.part"))
    kitchen.seconds += 60.1
    assert kitchen.preparer.due() == KEY
    asked = iter([False, True])
    kitchen.preparer.run(lambda: next(asked), lambda _: wait_for(lambda: kitchen.made == 2))
    wait_for(lambda: kitchen.answers.get(KEY) is not None)
    kitchen.preparer.run(iter([False, True]).__next__, lambda _: None)
    assert kitchen.answers.is_tended
    kitchen.memory.close()


class Two(PaesError):
    """An error that pickling loses."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")


def test_failure_keeps_its_words_on_the_way(kitchen: Kitchen) -> None:
    for error, kind in ((Two("a", "b"), PaesError), (KeyError("x"), KeyError)):
        kitchen.answers.put_failure(KEY, NOW, error)
        found = Answers(kitchen.folder).failure(KEY)
        assert found is not None
        assert type(found[1]) is kind
        assert str(found[1]) == str(error)


def test_every_recipe_is_in_the_table_under_a_name_of_its_own() -> None:
    modules = [
        importlib.import_module(f"dashboard.queries.{found.name}")
        for found in pkgutil.iter_modules(dashboard.queries.__path__)
    ]
    written = {id(v): v.name for m in modules for v in vars(m).values() if isinstance(v, Recipe)}
    assert written
    assert sorted(written.values()) == sorted(recipe.name for recipe in RECIPES)
    assert len(set(written.values())) == len(written)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_answer_survives_the_way_between_processes(
    recipe: Recipe[Any], installation: Installation, store: SqliteStore, clock: MovingClock
) -> None:
    sources = Sources.of(installation, store, clock)
    for words in list(recipe.ahead(installation))[-1:]:
        value = recipe.make(sources, *words)
        assert type(pickle.loads(pickle.dumps(value))) is type(value)


def wait_for(is_so: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def is_running(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


SERVED = """
import sys
from pathlib import Path
from dashboard.app import create_app
from dashboard.recipes import RECIPES
from dashboard.serving.workers import Service, serve_workers
from paes.config import load_installation
from paes.shipped_files import shipped_config
from paes.store import open_store

installation = load_installation(shipped_config())
def make(memory=None):
    return create_app(installation, open_store(sys.argv[1]), memory=memory)
service = Service(make, lambda: make().observatory.sources, RECIPES[:1])
serve_workers(service, port=0, workers=2, ready=lambda at: print(at, flush=True))
"""


@contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str, list[int]]]:
    """Two workers and the preparer over an empty store; the address, and their processes."""
    command = [sys.executable, "-W", "ignore", "-c", SERVED, str(folder / "empty.sqlite")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(folder)}
    )
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        wait_for(lambda: len(children(process.pid)) == 3)
        yield process, address, children(process.pid)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are told by /proc")
def test_workers_serve_and_all_end_together(assets: None, tmp_path: Path) -> None:
    with served(tmp_path) as (process, address, beside):
        with urllib.request.urlopen(f"{address}?lang=en", timeout=PATIENCE_S) as reply:
            assert '<html lang="en"' in reply.read().decode()
        (folder,) = tmp_path.glob("paes-dashboard-*")
        assert folder.stat().st_mode & 0o777 == 0o700
        wait_for(lambda: list(folder.glob("*.answer")))  # the preparer is at work
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        assert not [pid for pid in beside if is_running(pid)]
        assert not list(tmp_path.glob("paes-dashboard-*"))


ORPHANED = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from dashboard.serving.preparer import prepare

parent, child = os.getpid(), os.fork()
if child == 0:
    os.close(1)
    prepare(Path(sys.argv[1]), lambda: SimpleNamespace(installation=None), [], parent)
while not Path(sys.argv[1], "alive").exists():
    pass
print(child, flush=True)
os._exit(0)  # as if it had been killed
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")
def test_preparer_does_not_outlive_its_parent(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    command = [sys.executable, "-c", ORPHANED, str(tmp_path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    wait_for(lambda: not is_running(int(done.stdout)))

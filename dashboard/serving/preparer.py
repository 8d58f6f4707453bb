"""The process beside the workers: makes their long answers before anybody asks for them.

It goes round the recipes that are worth it (``Recipe.ahead``) and makes each anew before it is too
old; what a worker wishes for is made beside that round, so that no reader waits for its end. A
failure leaves the last answer where it is, with its time, and goes to the log. While what it makes
cannot be kept it says that nobody prepares answers: then the workers make their own. The process
ends with its parent.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from dashboard.memory import Kept
from dashboard.queries.recipe import AnyRecipe, Sources
from dashboard.serving.answers import Answers, Key, NotKept
from paes.errors import PaesError

LOOK_S = 0.1
NICENESS = 5
"""Readers come first."""
EARLY = 0.75
"""An answer is made anew when so much of its greatest age is over."""
REST = 3.0
"""Between two makings of an answer at least so many times what it took: a part of one processor."""
FAILED_AGAIN_S = 60.0
log = logging.getLogger(__name__)


class Preparer:
    """Makes the answers of one installation and publishes them."""

    def __init__(
        self,
        answers: Answers,
        sources: Sources,
        recipes: Iterable[AnyRecipe],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answers = answers
        self._sources = sources
        self._recipes = {recipe.name: recipe for recipe in recipes}
        self._timer = timer
        self._due_s: dict[Key, float] = {}
        for recipe in self._recipes.values():
            for words in recipe.ahead(sources.installation):
                self._due_s[recipe.name, *words] = -1.0
        self._under_way: set[Key] = set()
        self._can_keep = True
        self._guard = threading.Lock()

    def due(self) -> Key | None:
        """What of the round is to be made now, the longest overdue first."""
        free = [key for key in self._due_s if key not in self._under_way]
        first = min(free, key=lambda key: self._due_s[key], default=None)
        return first if first and self._due_s[first] <= self._timer() else None

    def wished(self) -> Key | None:
        """The wish that waits longest and is not being fulfilled."""
        return next((k for k in self._answers.wishes() if k not in self._under_way), None)

    def make(self, key: Key) -> None:
        """Make one answer and publish it, or its failure; nothing if it is being made already."""
        with self._guard:
            if key in self._under_way:
                return
            self._under_way.add(key)
        begun_s, again_s = self._timer(), FAILED_AGAIN_S
        try:
            again_s = self._made(key)
        except NotKept as err:
            self._can_keep = False
            self._answers.leave()
            log.warning("cannot keep %s: %s", " ".join(key), err)
        finally:
            took_s = self._timer() - begun_s
            if key in self._due_s:
                self._due_s[key] = self._timer() + max(again_s, REST * took_s)
            with self._guard:
                self._under_way.discard(key)
        log.info("made %s in %.2f s", " ".join(key), took_s)

    def _made(self, key: Key) -> float:
        """Make and publish; after how many seconds it is worth another time. Raises NotKept."""
        recipe = self._recipes[key[0]]
        # The time before it is made: what comes in meanwhile may not be in it.
        at = self._sources.clock()
        try:
            value = recipe.make(self._sources, *key[1:])
            self._answers.put(key, Kept(value, at))
            self._can_keep = True
            return recipe.max_age_s * EARLY
        except NotKept:
            raise
        except Exception as err:
            if isinstance(err, PaesError):
                log.warning("cannot make %s: %s", " ".join(key), err)
            else:
                log.exception("cannot make %s", " ".join(key))
            self._answers.put_failure(key, self._sources.clock(), err)
            return FAILED_AGAIN_S
        finally:
            self._answers.fulfil(key)

    def run(self, is_over: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Make what is due and what is wished for, one of each at a time, until ``is_over``.

        What is under way then is not waited for.
        """
        kinds = (self.wished, self.due)
        at_work: list[Future[None] | None] = [None, None]
        threads = ThreadPoolExecutor(len(kinds), thread_name_prefix="prepare")
        while not is_over():
            if self._can_keep:
                self._answers.touch()
            for place, choose in enumerate(kinds):
                current = at_work[place]
                if current is None or current.done():
                    key = choose()
                    at_work[place] = threads.submit(self.make, key) if key else None
            pause(LOOK_S)
        threads.shutdown(wait=False, cancel_futures=True)


def prepare(
    folder: Path, open_sources: Callable[[], Sources], recipes: Iterable[AnyRecipe], parent: int
) -> None:
    """What the process does: prepare until SIGTERM or until ``parent`` is gone, then end at once.

    What is half made is lost with it; nothing that it writes, in the store either, can be torn.
    """
    for name in ("SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)  # they are the parent's
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.nice(NICENESS)
    preparer = Preparer(Answers(folder), open_sources(), recipes)
    preparer.run(lambda: os.getppid() != parent, time.sleep)
    os._exit(0)

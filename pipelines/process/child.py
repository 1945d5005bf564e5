"""Run a function in a process of its own, with a limit on its memory and its time: for what strangers' files may do to a program.

A parser that allocates without measure, aborts, or never ends takes its own process with it and not the run. One child is kept and
asked again and again (starting an interpreter costs more than reading a small file); it is started anew after a death, and after a
large answer, so that what one file left behind never counts against the next.

The limits are those of the operating system (``resource``) on Linux; elsewhere the asking process watches memory and clock and kills.
The child is a plain interpreter, not a fork: DuckDB's threads and locks never reach it. It speaks by pickles over its pipes.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
EVERY_SECONDS = 0.2
ENDS_WITHIN_SECONDS = 10
# A child that once grew by more than this is not asked again: its memory may be in pieces.
GROWN_BYTES = 256_000_000
DONE, RAISED, NO_MEMORY, PANIC = "done", "raised", "no memory", "panic"
PANICS = "pyo3_runtime"  # the module of the exception (no Exception) that a panic of Rust arrives as
FIRST_TO_GO = "1000"  # what Linux's out-of-memory killer is told: rather the child than the run
MEMORY, SECONDS, DIED = "reading_memory", "reading_seconds", "reading_died"
BY_SYSTEM, BY_WATCHING, BY_CLOCK = "by_system", "by_watching", "by_clock"


class ChildDiedError(RuntimeError):
    """The child died or passed a limit; ``rule_id`` (of the register of rules) and numbers say which."""

    def __init__(self, rule_id: str, **numbers: object) -> None:
        super().__init__(f"{rule_id}: {numbers}")
        self.rule_id = rule_id
        self.numbers = numbers


class ChildStoppedError(RuntimeError):
    """This process ended the child itself, because the run is to end: nothing is said about what it was asked."""


def is_panic(error: BaseException) -> bool:
    """Tell whether an error is a panic of a library written in Rust."""
    return type(error).__module__ == PANICS


def call(function: Callable[..., T], *arguments: object, memory: int, seconds: int) -> T:
    """Call a function of a module in the child.

    Args:
        function: Found by its name in the child; what goes in and comes out can be pickled.
        arguments: Its arguments.
        memory: Bytes it may take beside the interpreter.
        seconds: How long it may take.

    Raises:
        ChildDiedError: it died, panicked, or passed a limit.
        ChildStoppedError: :func:`stop` was called meanwhile.
        Exception: whatever the function raised.
    """
    with _lock:
        kind, answer, is_grown = _ask(pickle.dumps((function, arguments, memory, seconds)), memory, seconds)
        if is_grown or kind in (NO_MEMORY, PANIC):
            _child.end()
    if kind == NO_MEMORY:
        raise ChildDiedError(MEMORY, limit=memory)
    if kind == PANIC:
        raise ChildDiedError(DIED, found=answer)
    if kind == RAISED:
        raise answer
    return answer  # type: ignore[no-any-return] # what the function returned


def stop() -> None:
    """End what the child is at, if it is at anything, from any thread."""
    _child.stop()


def limited_by() -> str:
    """Return what holds a child to its memory here: the operating system, our watching, or nothing but the clock."""
    if sys.platform.startswith("linux"):
        return BY_SYSTEM
    return BY_CLOCK if _resident(os.getpid()) is None else BY_WATCHING


class _Child:
    """The one child of this process."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.owner = 0
        self.is_asked = False
        self.is_stopped = False

    def ready(self) -> subprocess.Popen[bytes]:
        """Return the child, started where there is none (or where it belongs to the process this one was forked from)."""
        if self.process is None or self.owner != os.getpid() or self.process.poll() is not None:
            here = str(Path(__file__).parents[2])
            paths = [here, *(path for path in sys.path if path and path != here)]
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", "from pipelines.process.child import serve; serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            )
            self.owner = os.getpid()
        return self.process

    def end(self) -> int | None:
        """Kill the child; returns how it ended."""
        process, self.process = self.process, None
        if process is None or self.owner != os.getpid():
            return None
        process.kill()
        ended = process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return ended

    def stop(self) -> None:
        process = self.process
        if process is not None and self.is_asked and self.owner == os.getpid():
            self.is_stopped = True
            process.kill()


def _ask(question: bytes, memory: int, seconds: int) -> tuple[str, Any, bool]:
    """Put a question to the child: the kind of the answer, the answer, and whether the child grew large over it."""
    process = _child.ready()
    _child.is_stopped, _child.is_asked = False, True
    watching = _Watching(process, memory, seconds)
    try:
        try:
            _send(process, question)
        except OSError:  # it died while nobody asked it anything
            _child.end()
            process = watching.process = _child.ready()
            _send(process, question)
        watching.start()
        return _answer_of(process)
    except (EOFError, OSError, pickle.UnpicklingError) as error:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(ENDS_WITHIN_SECONDS)
        ended = _child.end() or 0
        if _child.is_stopped:
            raise ChildStoppedError from error
        if watching.passed:
            raise ChildDiedError(watching.passed, limit=memory if watching.passed == MEMORY else seconds) from error
        raise _death(ended, seconds) from error
    except BaseException:  # interrupted in the middle of an answer: the rest of it must not be taken for the next one
        _child.end()
        raise
    finally:
        watching.end()
        _child.is_asked = False


def _death(ended: int, seconds: int) -> ChildDiedError:
    import signal

    if ended == -getattr(signal, "SIGXCPU", 0):
        return ChildDiedError(SECONDS, limit=seconds)
    try:
        return ChildDiedError(DIED, found=signal.Signals(-ended).name if ended < 0 else f"exit {ended}")
    except ValueError:
        return ChildDiedError(DIED, found=f"signal {-ended}")


def _send(process: subprocess.Popen[bytes], message: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - opened as a pipe
    process.stdin.write(message)
    process.stdin.flush()


def _answer_of(process: subprocess.Popen[bytes]) -> tuple[str, Any, bool]:
    assert process.stdout is not None  # noqa: S101 - opened as a pipe
    found: tuple[str, Any, bool] = pickle.load(process.stdout)  # noqa: S301 - written by our own child
    return found


class _Watching:
    """Kills a child that takes too long, or too much memory where the operating system sets no limit."""

    def __init__(self, process: subprocess.Popen[bytes], memory: int, seconds: int) -> None:
        self.process = process
        self.memory = None if limited_by() == BY_SYSTEM else memory
        self.seconds = seconds
        self.passed = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="child's limits", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._done.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        until = time.monotonic() + self.seconds
        every = self.seconds if self.memory is None else EVERY_SECONDS
        while not self._done.wait(min(every, max(0.0, until - time.monotonic()))):
            if time.monotonic() >= until:
                self.passed = SECONDS
            elif self.memory is not None and (_resident(self.process.pid) or 0) > self.memory:
                self.passed = MEMORY
            if self.passed:
                self.process.kill()
                return


def _resident(process: int) -> int | None:
    """Return the memory a process takes, where psutil (which Prefect brings) can tell it."""
    try:
        import psutil
    except ImportError:
        return None
    try:
        return int(psutil.Process(process).memory_info().rss)
    except psutil.Error:
        return None


# ---------------------------------------------------------------- in the child


def serve() -> None:
    """Answer questions until nobody asks any more. What a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    while True:
        try:
            function, arguments, memory, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent
        except EOFError:
            return
        before = _most_resident()
        kind, answer = _answer(function, arguments, memory, seconds)
        told = _pickled(kind, answer, is_grown=_most_resident() - before > GROWN_BYTES)
        answers.write(told)
        answers.flush()


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...], memory: int, seconds: int) -> tuple[str, Any]:
    try:
        _limit(memory, seconds)
        return DONE, function(*arguments)
    except MemoryError:
        return NO_MEMORY, None
    except Exception as error:
        return RAISED, error
    except BaseException as error:  # a panic of Rust is no Exception
        return PANIC, f"{type(error).__name__}: {error}"[:160]


def _pickled(kind: str, answer: object, *, is_grown: bool) -> bytes:
    _unlimit()
    try:
        told = pickle.dumps((kind, answer, is_grown))
        if kind == RAISED:
            pickle.loads(told)  # noqa: S301 - what was just written: not every exception can be made again
    except MemoryError:
        return pickle.dumps((NO_MEMORY, None, True))
    except Exception as error:
        told = pickle.dumps((RAISED, RuntimeError(f"{type(answer).__name__}: {answer} ({error})"), is_grown))
    return told


def _limit(memory: int, seconds: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _set(resource.RLIMIT_AS, _mapped() + memory)
    _set(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + seconds + 1)
    _set(resource.RLIMIT_CORE, 0)


def _unlimit() -> None:
    if sys.platform.startswith("linux"):
        import resource

        _set(resource.RLIMIT_AS, resource.RLIM_INFINITY)


def _set(what: int, soft: int) -> None:
    import resource

    _, hard = resource.getrlimit(what)
    is_within = hard == resource.RLIM_INFINITY or (soft != resource.RLIM_INFINITY and soft <= hard)
    resource.setrlimit(what, (soft if is_within else hard, hard))


def _mapped() -> int:
    """Return the address space that the interpreter takes already."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _most_resident() -> int:
    """Return the most memory this interpreter ever took; Linux's ``ru_maxrss`` begins with that of the process it was started by."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1_024
    try:
        import resource
    except ImportError:  # Windows: started anew after every answer would cost more than it is worth
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1_024


def _end_with_parent(parent: int) -> None:
    """End when the asking process is gone: a run that was killed leaves nobody behind who goes on reading."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


_lock = threading.Lock()
_child = _Child()
atexit.register(_child.end)

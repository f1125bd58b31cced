"""Linux system calls that Python has no wrapper for: opening beneath a folder, and reading without ever waiting.

What ends in ``_cached`` answers from memory alone: it raises ``BlockingIOError`` where a disk or network would have to
be asked. As it never waits, it keeps the interpreter's lock meanwhile.

``HAS_BENEATH`` and ``HAS_CACHED`` say whether this system has them: others have not, nor old kernels (before 5.12),
C libraries without ``preadv2``, and some sandboxes.
"""

import ctypes
import errno
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

_OPENAT2, _CACHESTAT = 437, 451  # the same numbers on every architecture
_RESOLVE_NO_MAGICLINKS, _RESOLVE_BENEATH, _RESOLVE_CACHED = 0x02, 0x08, 0x20
_RWF_NOWAIT = 8
_COPIED_BYTES = 1 << 16  # up to here, copying costs less than going through ctypes


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class _Extent(ctypes.Structure):
    _fields_ = (("start", ctypes.c_uint64), ("length", ctypes.c_uint64))


class _Cached(ctypes.Structure):
    _fields_ = tuple(
        (f"{name}_pages", ctypes.c_uint64) for name in ("cached", "dirty", "writeback", "evicted", "recently_evicted")
    )


class _IoVector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def _function(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


class _OpenBeneath:
    """``(folder_fd, path, flags) -> fd``, resolved wholly in the kernel. ``EXDEV``: the path leads out."""

    def __init__(self, library: ctypes.CDLL, resolve: int) -> None:
        arguments = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)
        self._syscall = _function(library, "syscall", ctypes.c_long, *arguments)
        self._resolve = resolve | _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS
        self._hows: dict[int, tuple[_OpenHow, int]] = {}

    def __call__(self, folder_fd: int, path: bytes, flags: int) -> int:
        how = self._hows.get(flags)
        if how is None:
            structure = _OpenHow(flags, 0, self._resolve)
            how = self._hows[flags] = (structure, ctypes.addressof(structure))
        fd: int = self._syscall(_OPENAT2, folder_fd, path or b".", how[1], 24)
        if fd < 0:
            raise _failure()
        return fd

    def works(self) -> bool:
        fd = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.close(self(fd, b".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except OSError as error:
            return error.errno == errno.EAGAIN
        finally:
            os.close(fd)
        return True


class _InMemory:
    """``(fd, start, length) -> bool``: whether all of these bytes are in memory. For one thread at a time, which the
    interpreter's lock sees to."""

    def __init__(self, library: ctypes.CDLL) -> None:
        arguments = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint)
        self._syscall = _function(library, "syscall", ctypes.c_long, *arguments)
        self._extent, self._found = _Extent(), _Cached()
        self._places = ctypes.addressof(self._extent), ctypes.addressof(self._found)
        self._page_bytes = os.sysconf("SC_PAGESIZE")

    def __call__(self, fd: int, start: int, length: int) -> bool:
        self._extent.start, self._extent.length = start, length
        if self._syscall(_CACHESTAT, fd, *self._places, 0) != 0:
            return False
        pages: int = (start + length - 1) // self._page_bytes - start // self._page_bytes + 1
        found: int = self._found.cached_pages
        return found == pages


def _missing(*_: Any) -> Any:
    raise BlockingIOError(errno.EAGAIN, "this system cannot answer from memory alone")


HAS_BENEATH = HAS_CACHED = False
open_beneath: Callable[[int, bytes, int], int] = _missing
open_beneath_cached: Callable[[int, bytes, int], int] = _missing
is_in_memory: Callable[[int, int, int], bool] = lambda *_: False  # noqa: E731  (as its neighbours)
_preadv2: Any = _missing

if sys.platform == "linux":
    _waiting = ctypes.CDLL(None, use_errno=True)
    _holding = ctypes.PyDLL(None, use_errno=True)
    open_beneath = _beneath = _OpenBeneath(_waiting, 0)
    HAS_BENEATH = _beneath.works()
    try:
        _cached = _OpenBeneath(_holding, _RESOLVE_CACHED)
        _arguments = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_int)
        _preadv2 = _function(_holding, "preadv64v2", ctypes.c_ssize_t, *_arguments)
        HAS_CACHED = HAS_BENEATH and _cached.works()
    except AttributeError:
        pass
    if HAS_CACHED:
        open_beneath_cached = _cached
        is_in_memory = _InMemory(_holding)  # never true before Linux 6.5

_new_bytes = _function(
    ctypes.pythonapi, "PyBytes_FromStringAndSize", ctypes.py_object, ctypes.c_void_p, ctypes.c_ssize_t
)
_address_of_bytes = _function(ctypes.pythonapi, "PyBytes_AsString", ctypes.c_void_p, ctypes.py_object)


class _Scratch(threading.local):
    """Memory of each thread that is written anew by each read, instead of being asked for and cleared."""

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(_COPIED_BYTES))


_scratch = _Scratch()


def read_cached(fd: int, start: int, length: int) -> bytes:
    """``length`` bytes from ``start``, all of them or ``BlockingIOError``."""
    if not HAS_CACHED:
        _missing()
    if length <= _COPIED_BYTES:
        buffer = _scratch.buffer[:length]
        if os.preadv(fd, (buffer,), start, _RWF_NOWAIT) == length:
            return bytes(buffer)
        raise BlockingIOError(errno.EAGAIN, "not all of it is in memory")
    # Straight into the new bytes, as C extensions fill them: with a buffer in between, clearing and copying 160 KB cost
    # ten times the reading.
    content: bytes = _new_bytes(None, length)
    vector = _IoVector(_address_of_bytes(content), length)
    count = _preadv2(fd, ctypes.addressof(vector), 1, start, _RWF_NOWAIT)
    if count == length:
        return content
    if count < 0:
        raise _failure()
    raise BlockingIOError(errno.EAGAIN, "not all of it is in memory")

"""Linux's ``openat2(2)``: open a path beneath a folder, resolved wholly in the kernel. Python has no wrapper for it.

``open_beneath_cached`` adds ``RESOLVE_CACHED``: it fails with ``BlockingIOError`` instead of waiting for a disk.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Callable

_SYSCALL = 437  # the same number on every architecture
_NO_MAGICLINKS, _BENEATH, _CACHED = 0x02, 0x08, 0x20


class _OpenHow(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


_SIZE = ctypes.sizeof(_OpenHow)


def _opener(library: type[ctypes.CDLL], resolve: int) -> Callable[[int, bytes, int], int]:
    syscall = library(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    syscall.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)
    hows: dict[int, tuple[_OpenHow, int]] = {}

    def open_path(folder_fd: int, path: bytes, flags: int) -> int:
        how = hows.get(flags)
        if how is None:
            structure = _OpenHow(flags, 0, resolve)
            how = hows[flags] = (structure, ctypes.addressof(structure))
        fd: int = syscall(_SYSCALL, folder_fd, path or b".", how[1], _SIZE)
        if fd < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return fd

    return open_path


def _unsupported(_folder_fd: int, _path: bytes, _flags: int) -> int:
    raise NotImplementedError


def _works(open_path: Callable[[int, bytes, int], int]) -> bool:
    """Old kernels lack the call (5.6) or the flag (5.12), old sandboxes forbid it."""
    fd = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.close(open_path(fd, b".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(fd)
    return True


open_beneath: Callable[[int, bytes, int], int] = _unsupported
"""``(folder_fd, path, flags) -> fd``. Raises OSError (``EXDEV``: leads out), NotImplementedError where missing."""

open_beneath_cached: Callable[[int, bytes, int], int] = _unsupported
"""The same from memory alone. Raises ``BlockingIOError`` where it would have to wait."""

if sys.platform == "linux":
    _waiting = _opener(ctypes.CDLL, _BENEATH | _NO_MAGICLINKS)
    if _works(_waiting):
        open_beneath = _waiting
        # It never waits, so it keeps the interpreter's lock: letting go and taking it again costs more than the call.
        _cached = _opener(ctypes.PyDLL, _BENEATH | _NO_MAGICLINKS | _CACHED)
        if _works(_cached):
            open_beneath_cached = _cached

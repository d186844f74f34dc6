"""Frames: names of functions as people know them, and which of them are an allocator's plumbing."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

UNKNOWN = "[unknown]"
_HASH = re.compile(r"::h[0-9a-f]{16}$")
_CLONE = re.compile(r"( \(\.[^)]*\))+$|\.llvm\.\d+$")
_LEGACY = re.compile(r"\$(LT|GT|BP|RF|LP|RP|C|SP|u[0-9a-f]+)\$")
_LETTERS = {"LT": "<", "GT": ">", "BP": "*", "RF": "&", "LP": "(", "RP": ")", "C": ",", "SP": "@"}
_PARTS = (".isra.", ".part.", ".cold", ".constprop.", ".llvm.", ".lto_priv.")
# Frames between a program's own code and malloc: they are not where an allocation comes from.
_PLUMBING = re.compile(
    r"^(__libc_|__GI___libc_|__)?(malloc|calloc|realloc|posix_memalign|aligned_alloc|memalign)$"
    r"|^operator new|^_Zn[wa]|^(void\*? )?operator new"
    r"|^_?_?(rust_alloc|rust_realloc|rust_alloc_zeroed|rdl_alloc|rg_alloc|rust_no_alloc)"
    r"|^<?alloc::(alloc|raw_vec|boxed|vec|sync|rc|string|collections|slice)\b"
    r"|^<alloc::|^<std::alloc::|^std::alloc::|^alloc_impl|^hashbrown::raw::"
    r"|^<?core::(ops::function|alloc)|^<.* as core::alloc::"
    r"|^std::(allocator|__new_allocator|vector|_Vector|__cxx11::basic_string|allocator_traits)"
    r"|^__gnu_cxx::new_allocator|^_Py(Mem|Object)_(Raw)?(Malloc|Calloc|Realloc)|^Py(Mem|Object)_"
    r"|^g_malloc|^xmalloc$|^malloc_hook|^__interceptor_|^void\* std::"
)

_PLUMBING_FILE = re.compile(
    r"litbench-adapter/src/allocator|library/alloc/src/|library/core/src/|/std/src/(sys/)?alloc|/hashbrown-"
)


@dataclass(frozen=True)
class Frame:
    """One function in a stack."""

    function: str
    file: str = ""
    line: int = 0
    module: str = ""

    @property
    def where(self) -> str:
        """File and line, or the module."""
        return f"{self.file}:{self.line}" if self.file else self.module


@functools.lru_cache(maxsize=65_536)
def readable(name: str) -> str:
    """A symbol without mangling, hashes and clones."""
    if not name or name == "UnknownInlinedFun":  # valgrind, where it cannot read the debug file
        return UNKNOWN
    if name.startswith(("_R", "_Z", "__R")):
        name = _demangled(name)
    name = _HASH.sub("", _CLONE.sub("", name))
    if "$" in name:
        name = _LEGACY.sub(_letter, name).replace("..", "::")
        name = name.removeprefix("_") if name.startswith("_<") else name
    for part in _PARTS:
        name = name.partition(part)[0] or name
    return name.replace(";", ":")


def is_plumbing(frame: Frame) -> bool:
    """Whether a frame belongs to the way into the allocator."""
    return bool(_PLUMBING.search(frame.function) or _PLUMBING_FILE.search(frame.file))


def _demangled(name: str) -> str:
    import pycxxfilt

    try:
        return str(pycxxfilt.demangle(name)) or name
    except (ValueError, RuntimeError, UnicodeError):
        return name


def _letter(match: re.Match[str]) -> str:
    code = match.group(1)
    if code in _LETTERS:
        return _LETTERS[code]
    try:
        return chr(int(code[1:], 16))
    except (ValueError, OverflowError):
        return match.group(0)

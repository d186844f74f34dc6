"""Symbol names for people: C++ and Rust demangled, and the crate or namespace that they belong to.

C++ (Itanium) and Rust v0 are demangled by LLVM's own code (pycxxfilt). Rust's legacy names are
Itanium paths with escapes and a hash, undone here.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LEGACY = re.compile(r"^_+ZN(?:\d.*)17h[0-9a-f]{16}E")
_ESCAPES = {
    "SP": "@", "BP": "*", "RF": "&", "LT": "<", "GT": ">", "LP": "(", "RP": ")", "C": ",",
}  # fmt: skip
_ESCAPE = re.compile(r"\$(SP|BP|RF|LT|GT|LP|RP|C|u[0-9a-f]{1,6})\$")
_SUFFIX = re.compile(
    r"\.(?:llvm\.\d+|\d+|isra\.\d+|part\.\d+|constprop\.\d+|cold(?:\.\d+)?|lto_priv\.\d+)$"
)
_DISAMBIGUATOR = re.compile(r"\[[0-9a-f]{8,16}\]")
_RETURN_TYPE = re.compile(r"^[\w:<>,*& ]+ (?=[\w~:<]+\()")
_PATH = re.compile(r"<*([A-Za-z_]\w*)::")
MAX_NAME = 8192


@lru_cache(maxsize=65_536)
def demangle(name: str) -> str:
    """The readable form of a symbol; the symbol itself where it is not mangled."""
    if len(name) > MAX_NAME or name[:1] != "_":
        return name
    if _LEGACY.match(name):
        return _legacy(name)
    if name.startswith(("_Z", "__Z", "_R")):
        return _by_llvm(name)
    return name


def _by_llvm(name: str) -> str:
    import pycxxfilt

    stem, suffix = name, ""
    while match := _SUFFIX.search(stem):
        stem, suffix = stem[: match.start()], match[0] + suffix
    try:
        found = pycxxfilt.demangle(stem)
    except ValueError:
        return name
    return name if found is None else _DISAMBIGUATOR.sub("", found)


def _legacy(name: str) -> str:
    parts, at = [], name.index("ZN") + 2
    while at < len(name) and name[at].isdigit():
        end = at
        while end < len(name) and name[end].isdigit():
            end += 1
        size = int(name[at:end])
        parts.append(name[end : end + size])
        at = end + size
    return "::".join(_unescape(part) for part in parts[:-1])


def _unescape(part: str) -> str:
    if part.startswith("_$"):
        part = part[1:]
    return _ESCAPE.sub(_character, part).replace("..", "::")


def _character(match: re.Match[str]) -> str:
    code = match[1]
    if code in _ESCAPES:
        return _ESCAPES[code]
    number = int(code[1:], 16)
    return chr(number) if number < 0x110000 else match[0]


def is_rust(name: str) -> bool:
    """Whether a symbol is mangled as Rust's."""
    return name.startswith("_R") or bool(_LEGACY.match(name))


def group(name: str) -> str:
    """The crate (Rust) or outermost namespace (C++) of a symbol, or ``[C]``.

    >>> group("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE"), group("_ZN6shapes6Circle4areaEv")
    ('core', 'shapes')
    """
    readable = demangle(name)
    if name.startswith(("anon.", ".Lanon.", "str.", ".L__unnamed")):
        return "[constants]"
    if readable == name:
        return "[C]"
    path = fold(readable) if is_rust(name) else _without_return(readable)
    if is_rust(name):
        return _crate(path)
    head = path.split("(", 1)[0]
    head = re.sub(
        r"^(?:vtable|typeinfo|typeinfo name|guard variable|non-virtual thunk) (?:for|to) ", "", head
    )
    return head.split("::", 1)[0].split("<", 1)[0] if "::" in head else "[C++]"


def _crate(path: str) -> str:
    """The crate of the type or function; of the trait where the type is a primitive one."""
    for text in (_self_type(path), *path.split(" as ")[1:]):
        found = _PATH.match(text)
        if found is not None:
            return found[1]
    return "core"


def _self_type(path: str) -> str:
    """The type before ``as`` in ``<T as Trait>::f``, without references and pointers."""
    while path.startswith("<"):
        inner = path[1:].split(" as ", 1)[0]
        inner = re.sub(r"^(?:&|\\*const |\\*mut |mut |dyn |\[|\()+", "", inner.lstrip("&"))
        if inner == path:
            break
        path = inner
    return path


def _without_return(readable: str) -> str:
    """A C++ template function's name without its return type."""
    return _RETURN_TYPE.sub("", readable, count=1)


def fold(readable: str) -> str:
    """A name with its generic arguments left out, so that all instances are one.

    >>> fold("<alloc::vec::Vec<u8> as core::ops::Drop>::drop"), fold("f::<u32>::{closure#0}")
    ('<alloc::vec::Vec<_> as core::ops::Drop>::drop', 'f::<_>::{closure#0}')
    """
    out: list[str] = []
    depth = 0  # of generic arguments; a leading < opens a qualified path, which stays
    stack: list[bool] = []
    previous = ""
    for index, letter in enumerate(readable):
        if letter == "<" and not _is_operator(readable, index):
            generic = bool(previous) and (previous.isalnum() or previous in "_:}")
            stack.append(generic)
            if generic and depth == 0:
                out.append("<_>")
            depth += generic
            if not generic and depth == 0:
                out.append(letter)
        elif letter == ">" and stack and previous not in "-=":
            generic = stack.pop()
            depth -= generic
            if not generic and depth == 0:
                out.append(letter)
        elif depth == 0:
            out.append(letter)
        previous = letter
    return "".join(out)


def _is_operator(readable: str, index: int) -> bool:
    """Whether a ``<`` belongs to ``operator<`` or ``operator<<``."""
    return readable[max(0, index - 9) : index].rstrip("<").endswith("operator")

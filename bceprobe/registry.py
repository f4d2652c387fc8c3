"""One place per addition: a decorator that names things, and a lookup that finds them.

A registry fills itself on first use: it imports its home (a module, or every module of a package) and the
entry points of the same name, by which other distributions add theirs. A broken plug-in warns and is left out.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import warnings
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Generic, TypeVar

from bceprobe.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from importlib.metadata import EntryPoint

T = TypeVar("T")


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known names are meant by a wrong one.

    Examples
    --------
    >>> nearest("resnet81", ["convnet", "resnet18"])
    'Did you mean resnet18'
    >>> nearest("x", ["bce", "ce"])
    'Known: bce, ce'
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {close[0]}" if close else f"Known: {', '.join(names)}"


class Registry(Generic[T]):
    """Named things of one kind.

    Parameters
    ----------
    kind
        What one entry is called in messages, such as ``"loss"``.
    home
        The module or package whose import registers the built-in entries; also the entry-point group.

    Examples
    --------
    >>> colours = Registry("colour", "string")
    >>> colours.add("ce", "blue")
    'blue'
    >>> colours["ce"], list(colours)
    ('blue', ['ce'])
    """

    def __init__(self, kind: str, home: str) -> None:
        self.kind = kind
        self.home = home
        self._entries: dict[str, T] = {}
        self._filled = False

    def add(self, name: str, entry: T) -> T:
        """Register an entry.

        Raises
        ------
        ValueError
            The name is taken.
        """
        if name in self._entries:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._entries[name] = entry
        return entry

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates."""
        return lambda entry: self.add(name, entry)

    def __getitem__(self, name: str) -> T:
        """Look an entry up.

        Raises
        ------
        UnknownNameError
            Nothing has this name; the nearest one is named.
        """
        self._fill()
        if name not in self._entries:
            raise UnknownNameError(f"unknown {self.kind} {name!r}", nearest(name, self._entries))
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return iter(sorted(self._entries))

    def values(self) -> list[T]:
        """All entries, in the order of registration."""
        self._fill()
        return list(self._entries.values())

    def _fill(self) -> None:
        if self._filled:
            return
        _import_all(self.home)
        self._filled = True
        for point in entry_points(group=self.home):
            self._load(point)

    def _load(self, point: EntryPoint) -> None:
        complete = dict(self._entries)
        try:
            point.load()
        except Exception as error:  # noqa: BLE001 - a broken plug-in must harm nothing else, whatever it raises
            self._entries = complete
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            message = f"plug-in {point.name!r} ({point.value}) of {self.home} is left out: {reason}"
            warnings.warn(message, RuntimeWarning, stacklevel=4)


def _import_all(home: str) -> None:
    """Import a module, and every module of it if it is a package."""
    module = importlib.import_module(home)
    for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
        importlib.import_module(f"{home}.{found.name}")

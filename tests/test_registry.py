"""The registry: names that find things, built in or plugged in."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest

from bceprobe import registry
from bceprobe.errors import UnknownNameError
from bceprobe.registry import Registry, nearest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKAGE = {
    "__init__.py": "from bceprobe.registry import Registry\nTHINGS = Registry('thing', 'things_home')\n",
    "first.py": "from things_home import THINGS\nTHINGS.add('bce', 1)\n",
    "second.py": "from things_home import THINGS\n@THINGS.register('ce')\ndef ce(): return 2\n",
}
PLUGINS = {
    "good_plugin": "from things_home import THINGS\nTHINGS.add('focal', 3)\n",
    "half_plugin": "from things_home import THINGS\nTHINGS.add('half', 4)\nraise RuntimeError('no\\nGPU')\n",
    "greedy_plugin": "from things_home import THINGS\nTHINGS.add('extra', 5)\nTHINGS.add('bce', 6)\n",
}


@pytest.fixture
def things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry[object]:
    """An unfilled registry whose home is a package with two modules; plug-in modules lie beside it."""
    (tmp_path / "things_home").mkdir()
    for name, text in PACKAGE.items():
        (tmp_path / "things_home" / name).write_text(text)
    for name, text in PLUGINS.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [*PLUGINS, "things_home", "things_home.first", "things_home.second"]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    found: Registry[object] = importlib.import_module("things_home").THINGS
    return found


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make some modules look like installed plug-ins."""

    def install(*modules: str) -> None:
        points = [EntryPoint(name=name, value=name, group="things_home") for name in modules]
        monkeypatch.setattr(registry, "entry_points", lambda group: [p for p in points if p.group == group])

    return install


def test_first_use_imports_every_module_of_the_home(things: Registry[object]) -> None:
    """Entries that modules of the home register are found without an import of these modules by the caller."""
    assert list(things) == ["bce", "ce"]
    assert things["bce"] == 1


def test_names_are_sorted_and_values_in_order_of_registration() -> None:
    """Iterating gives sorted names; `values` keeps the order in which entries came."""
    numbers: Registry[int] = Registry("number", "string")
    numbers.add("two", 2)
    numbers.add("one", 1)
    assert (list(numbers), numbers.values(), "two" in numbers, "six" in numbers) == (
        ["one", "two"],
        [2, 1],
        True,
        False,
    )


def test_a_decorator_returns_what_it_registers() -> None:
    """The decorated function stays itself and is found by its name."""
    functions: Registry[Callable[[int], int]] = Registry("function", "string")

    @functions.register("identity")
    def identity(value: int) -> int:
        return value

    assert identity(3) == 3
    assert functions["identity"] is identity


def test_a_name_is_given_once() -> None:
    """A second entry of one name is refused and the first one stays."""
    numbers: Registry[int] = Registry("number", "string")
    numbers.add("one", 1)
    with pytest.raises(ValueError, match=r"^number 'one' is registered twice$"):
        numbers.add("one", 2)
    assert numbers["one"] == 1


def test_an_unknown_name_names_the_nearest(things: Registry[object]) -> None:
    """A name that nothing has is refused with its kind and the nearest name; callers may catch a KeyError."""
    with pytest.raises(KeyError) as caught:
        things["bcee"]
    assert isinstance(caught.value, UnknownNameError)
    assert str(caught.value) == "unknown thing 'bcee'. Did you mean bce."


@pytest.mark.parametrize(
    ("name", "said"),
    [("resnet81", "Did you mean resnet18"), ("zzz", "Known: convnet, resnet18"), ("", "Known: convnet")],
)
def test_nearest_names_one_or_all(name: str, said: str) -> None:
    """The closest name is proposed if one is close, else all are listed, sorted."""
    assert nearest(name, ["resnet18", "convnet"]).startswith(said)


def test_plug_ins_add_entries(things: Registry[object], plug_in: Callable[..., None]) -> None:
    """A module that another distribution names as an entry point adds its entries."""
    plug_in("good_plugin")
    assert list(things) == ["bce", "ce", "focal"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("half_plugin", "RuntimeError: no GPU"),
        ("greedy_plugin", "ValueError: thing 'bce' is registered twice"),
        ("absent_plugin", "ModuleNotFoundError: No module named 'absent_plugin'"),
    ],
)
def test_a_broken_plug_in_warns_and_harms_nothing(
    things: Registry[object], plug_in: Callable[..., None], broken: str, reason: str
) -> None:
    """A plug-in that fails, wholly or half-way, is left out with a one-line warning; all others work."""
    plug_in(broken, "good_plugin")
    with pytest.warns(RuntimeWarning) as caught:
        names = list(things)
    assert names == ["bce", "ce", "focal"]
    assert [str(warning.message) for warning in caught] == [
        f"plug-in {broken!r} ({broken}) of things_home is left out: {reason}"
    ]


def test_plug_ins_load_once(things: Registry[object], plug_in: Callable[..., None]) -> None:
    """A broken plug-in warns on first use only."""
    plug_in("absent_plugin")
    with pytest.warns(RuntimeWarning, match="absent_plugin"):
        list(things)
    assert list(things) == ["bce", "ce"]


def test_a_broken_home_stays_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the home itself cannot be imported every use says so, instead of finding nothing the second time."""
    (tmp_path / "broken_home.py").write_text("raise RuntimeError('syntax of the home')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    broken: Registry[int] = Registry("thing", "broken_home")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="syntax of the home"):
            list(broken)

"""The rules of the house that no other tool holds."""

import ast
import re
import socket
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES: list[str] = PROJECT["tool"]["importlinter"]["root_packages"]
REQUIREMENTS = ["requirements.txt", "requirements-dev.txt"]
NOT_OURS = {"node_modules", "build", "data", "dist", "generated"}
WRITTEN_BY_TOOLS = ROOT / "models" / "migrations"

LOCK_LINE = re.compile(
    r"""
      \#\ [^:/]*:?                                      # the header
    | \#\ \ \ \ make\ lock
    | [a-z0-9-]+==[0-9][0-9a-z.+]*(\ ;\ [^:/@]+)?\ \\    # an exact version, perhaps a marker
    | \ {4}--hash=sha256:[0-9a-f]{64}(\ \\)?
    | \ {4}\#\ [^/@]*                                   # who asked for it
    """,
    re.VERBOSE,
)


def _our_files(*suffixes: str) -> list[Path]:
    tops = [path for path in ROOT.iterdir() if path.name not in NOT_OURS]
    tops = [path for path in tops if not path.name.startswith(".")]
    found = [path for top in tops for path in ([top] if top.is_file() else top.rglob("*"))]
    return [
        path
        for path in found
        if path.suffix in suffixes
        and not NOT_OURS.intersection(path.relative_to(ROOT).parts)
        and not path.is_relative_to(WRITTEN_BY_TOOLS)
    ]


def _top_level_names(distribution: Distribution) -> set[str]:
    tops = {file.parts[0] for file in distribution.files or ()}
    return {top.split(".")[0] for top in tops if not top.endswith((".dist-info", ".data"))}


def _pins(requirements: str) -> set[tuple[str, str]]:
    """Return names and versions; one name has several where Pythons need different ones."""
    text = (ROOT / requirements).read_text()
    return set(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    "name",
    [
        *("schema", "resolvers", "models", "streaming", "auth", "tests"),
        *("pyproject.toml", "docker-compose.yml", "README.md"),
    ],
)
def test_the_house_has(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is_for(package: str) -> None:
    assert ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text()))


def test_the_packages_are_the_same_wherever_they_are_listed() -> None:
    tool = PROJECT["tool"]
    assert sorted(tool["mypy"]["packages"]) == sorted(PACKAGES)
    found = tool["setuptools"]["packages"]["find"]["include"]
    assert sorted(found) == sorted(f"{package}*" for package in PACKAGES)


def test_no_dependency_owns_one_of_our_names() -> None:
    ours = {path.relative_to(ROOT).parts[0].split(".")[0] for path in _our_files(".py")}
    assert ours >= {*PACKAGES, "tests"}
    owners = {
        f"{distribution.name} owns {name}"
        for distribution in distributions()
        if distribution.name != PROJECT["project"]["name"]
        for name in _top_level_names(distribution) & ours
    }
    assert not owners


def test_no_file_is_too_long_to_read() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in _our_files(".py", ".ts", ".tsx", ".css", ".sh")
    }
    assert not {name: lines for name, lines in lengths.items() if lines > 400}


def test_imports_go_downwards() -> None:
    # In a process of its own: it switches off all loggers that it did not make.
    check = "from importlinter.cli import lint_imports; exit(lint_imports(no_cache=True))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_hold_versions_and_hashes_and_no_address(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    assert len(lines) > 100
    assert not [line for line in lines if not LOCK_LINE.fullmatch(line)]


def test_serving_and_testing_use_the_same_versions() -> None:
    runtime, dev = (_pins(name) for name in REQUIREMENTS)
    assert runtime <= dev


@pytest.mark.parametrize("dependency", PROJECT["project"]["dependencies"])
def test_every_dependency_is_pinned(dependency: str) -> None:
    name = re.split(r"[^\w.-]", dependency)[0].lower()
    assert name in {pinned for pinned, _version in _pins("requirements.txt")}


def test_a_test_cannot_reach_the_network() -> None:
    with socket.socket() as client, pytest.raises(pytest.fail.Exception, match="beyond loopback"):
        client.connect(("192.0.2.1", 9))  # TEST-NET-1, RFC 5737

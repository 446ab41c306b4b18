"""What a measurement says: tables in Markdown, printed and, if asked, kept in the documentation."""

import platform
import re
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from tutela.hashing.kernels import compiled

_REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
PAGE = _REFERENCE / "performance.md"
_PAGES = {
    "evasion": _REFERENCE / "evasion.md",
    "false_alarms": _REFERENCE / "evasion.md",
    "coverage": _REFERENCE / "referrals.md",
    "faults": _REFERENCE / "faults.md",
}
"""Where what a measurement says is kept, by the first word of its name."""


@dataclass(slots=True)
class Table:
    """A heading, columns and rows; `ratios` are what the plot draws: a name and times faster."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ratios: list[tuple[str, float]] = field(default_factory=list)

    def row(self, *cells: object) -> None:
        """Add a row."""
        self.rows.append(tuple(str(cell) for cell in cells))

    def ratio(self, name: str, times: float) -> str:
        """Remember how many times faster we are, and return it as text."""
        self.ratios.append((name, times))
        return f"**{times:.3g}×**"

    def markdown(self) -> str:
        """Return the table."""
        lines = [f"### {self.title}", "", _line(self.columns), _line(("---",) * len(self.columns))]
        lines += [_line(row) for row in self.rows]
        lines += [f"\n{note}" for note in self.notes]
        return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def machine(*packages: str) -> str:
    """Return what the figures were measured on, and the versions of what was measured."""
    run = compiled()
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{_processor()}, Python {platform.python_version()}, kernels "
        f"{run.level if run else 'numpy'}; {versions}."
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = re.findall(r"^model name\s*: (.*)$", text, re.MULTILINE)
    families = re.findall(r"^cpu family\s*: (.*)$", text, re.MULTILINE)
    models = re.findall(r"^model\s*: (.*)$", text, re.MULTILINE)
    known = f"{names[0]} (family {families[0]}, model {models[0]})" if names else "unknown"
    return f"{len(names)} cores of {known}"


def keep(name: str, tables: list[Table]) -> None:
    """Put tables between the markers of this measurement in the documentation."""
    page = _PAGES.get(name.partition(" ")[0], PAGE)
    text = page.read_text()
    body = "\n".join(table.markdown() for table in tables)
    start, end = f"<!-- bench {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        text += f"\n{start}\n{end}\n"
    page.write_text(pattern.sub(lambda _match: f"{start}\n{body}{end}", text))

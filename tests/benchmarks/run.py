"""Speed and memory, each figure beside the classic recipe's in the same run.

    make benchmark                         # all parts, beside the figures recorded last
    python tests/benchmarks/run.py engine  # some parts
    python tests/benchmarks/run.py --record

`build/benchmark.json` keeps the newest figures of each part; `--record` copies them into
`recorded.json` beside this file, from which the README's table is written.
"""

import argparse
import json
import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

from parts import PARTS, ROOT

NEWEST, RECORDED = ROOT / "build" / "benchmark.json", Path(__file__).with_name("recorded.json")
README = ROOT / "README.md"
HEAD = "| speed, in one run | |\n|---|---|\n"
SHOWN = {  # label in the figures, or how it begins: words in the README
    "whole captions: times faster": "an epoch on whole captions, beside the classic generator",
    "greedy: times faster": "a greedy caption in a batch, beside the classic loop",
    "engine (": "encoding with the extra `fast`, beside TensorFlow's forward pass",
    "extract_features: share of": "`extract_features`, beside the forward pass alone",
    "alt text: share of the forward": "alt text from a server, beside the forward pass alone",
}


def machine() -> str:
    """Return what the figures were measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    able = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in str(lines)]
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy"))
    return (
        f"{(names or [platform.processor()])[0]}, {os.cpu_count()} cores, {' '.join(able)}; "
        f"{platform.system()}, Python {platform.python_version()}, {packages}"
    )


def is_ratio(label: str) -> bool:
    """Tell a ratio from a figure with a unit."""
    return not label.endswith("]")


def table(newest: dict, recorded: dict) -> str:
    """Return all figures of some parts, ratios first, beside those that were recorded."""
    rows = [
        (label, value, recorded.get("parts", {}).get(part, {}).get("figures", {}).get(label))
        for part, content in newest["parts"].items()
        for label, value in content["figures"].items()
    ]
    rows.sort(key=lambda row: not is_ratio(row[0]))  # within each kind, as the parts come
    lines = [f"{'':72} {'newest':>10} {'recorded':>10}"]
    for label, value, before in rows:
        lines.append(f"{label:72} {value:10.3f} " + (f"{before:10.3f}" if before else f"{'–':>10}"))
    return "\n".join(lines)


def readme_table(recorded: dict) -> str:
    """Return the README's table of some ratios."""
    figures = {}
    for content in recorded["parts"].values():
        figures |= content["figures"]
    lines = []
    for begin, words in SHOWN.items():
        value = next(figures[label] for label in figures if label.startswith(begin))
        shown = f"{value:,.0f} ×" if value >= 10 else f"{value:.2f} ×"
        lines.append(f"| {words} | {shown} |\n")
    return HEAD + "".join(lines)


def write_readme(recorded: dict) -> None:
    """Put the recorded ratios into the README."""
    text = README.read_text("utf-8")
    before, found, rest = text.partition(HEAD)
    after = rest[rest.index("\n\n") + 1 :]
    assert found, "the README has no table of speed"
    README.write_text(before + readme_table(recorded) + after, "utf-8")


def read(path: Path) -> dict:
    """Return the figures in a file; none if it is not there or of an older form."""
    content = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return content if "parts" in content else {"parts": {}}


def measure(chosen: list[str]) -> dict:
    """Run parts, keep their figures in `build/`, and return those of all parts."""
    for name in chosen:
        print(f"{name} …", flush=True)
        figures = {label: float(value) for label, value in PARTS[name]().items()}
        newest = read(NEWEST)
        now = {"date": date.today().isoformat(), "machine": machine(), "figures": figures}
        newest["parts"][name] = now
        NEWEST.parent.mkdir(exist_ok=True)
        NEWEST.write_text(json.dumps(newest, indent=2) + "\n", "utf-8")
    return read(NEWEST)


def main(arguments: list[str] | None = None) -> None:
    """Run the chosen parts, print the table; with --record keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}; all if none is given")
    parser.add_argument("--record", action="store_true", help="keep the newest figures")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    newest = measure(options.parts or ([] if options.record else list(PARTS)))
    chosen = {name: newest["parts"][name] for name in options.parts or newest["parts"]}
    print(f"\n{machine()}\n\n{table({'parts': chosen}, read(RECORDED))}")
    if options.record:
        RECORDED.write_text(json.dumps(newest, indent=2) + "\n", "utf-8")
        write_readme(newest)


if __name__ == "__main__":
    main()

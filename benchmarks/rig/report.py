"""Results as text and as one table in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rig.results import Results, Table


def text(scenario: str, table: Table, bases: Sequence[str]) -> str:
    """Return medians, spread and ratios of one scenario, one line for each server."""
    lines = [f"\n{scenario}"]
    for column in table.columns:
        better = "more" if column.more_is_better else "less"
        lines.append(f"  {column.key} ({column.unit}; {better} is better)")
        lines += [_line(table, peer, column.key, bases) for peer in table.runs]
    lines += [f"  !! {peer}: {count} corrupt reads" for peer, count in table.corrupt().items()]
    lines += [f"  !! {peer}: {why}" for peer, why in table.errors.items()]
    return "\n".join(lines)


def _line(table: Table, peer: str, key: str, bases: Sequence[str]) -> str:
    values = sorted(table.values(peer, key))
    if not values:
        return f"    {peer:<20} -"
    spread = f"[{values[0]:.3f} .. {values[-1]:.3f}] n={len(values)}"
    ratios = [f"x{ratio:.3g} of {base}" for base, ratio in _ratios(table, peer, key, bases)]
    return f"    {peer:<20} {table.median(peer, key):>12.3f}   {spread}  {', '.join(ratios)}"


def _ratios(table: Table, peer: str, key: str, bases: Sequence[str]) -> Iterator[tuple[str, float]]:
    for base in bases:
        ratio = table.ratio(peer, base, key)
        if ratio is not None and base != peer:
            yield base, ratio


def markdown(results: Results, bases: Sequence[str]) -> str:
    """Return one row for each figure; a cell is the median and its ratios to the base servers."""
    peers = list(dict.fromkeys(peer for table in results.values() for peer in table.runs))
    lines = ["| scenario | " + " | ".join(peers) + " |", "|---" * (len(peers) + 1) + "|"]
    for scenario, table in results.items():
        for column in table.columns:
            sign = "+" if column.more_is_better else "-"
            cells = [_cell(table, peer, column.key, bases) for peer in peers]
            lines.append(f"| {scenario} {column.key} {sign} | " + " | ".join(cells) + " |")
    legend = f"Medians; (x..) is the ratio to {', to '.join(bases)}; + more is better, - less is better."
    return "\n".join(lines) + f"\n\n{legend}\n"


def _cell(table: Table, peer: str, key: str, bases: Sequence[str]) -> str:
    median = table.median(peer, key)
    if median is None:
        return ""
    ratios = ", ".join(f"x{ratio:.3g}" for _, ratio in _ratios(table, peer, key, bases))
    return f"{median:.3g}" + (f" ({ratios})" if ratios else "")

#!/usr/bin/env python3
"""Reads what tests/bench.sh measured, one file a row, and writes a Markdown
table, a table for gnuplot, and the picture's script.

usage: bench.py DIRECTORY TITLE
"""
import pathlib
import re
import statistics
import sys

RUN = re.compile(r"^(smbgate|smbd) +\w.*?([\d.]+) op/s.*?([\d.]+) MiB/s.*?"
                 r"p99 (\d+).*?= ([\d.]+) (s/GiB|us/op)")
PAIR = re.compile(r"^smbgate/smbd, .*throughput ([\d.]+) .*?"
                  r"server CPU per byte or op ([\d.]+) \(([\d.]+)\.\.([\d.]+)\)"
                  r".*?p99 ([\d.]+)")


def read(path):
    """A row: medians by server, the unit, and the paired ratios."""
    runs = {"smbgate": [], "smbd": []}
    unit, pair = "us/op", None
    for line in path.read_text().splitlines():
        run = RUN.match(line)
        if run:
            unit = run[6]
            runs[run[1]].append((float(run[5]), float(run[2]), float(run[3])))
        found = PAIR.match(line)
        if found:
            pair = [float(x) for x in found.groups()]
    medians = {name: [statistics.median(column) for column in zip(*of)]
               for name, of in runs.items() if of}
    return medians, unit.replace("us", "µs"), pair


def cell(medians, name, index):
    return f"{medians[name][index]:.4g}" if name in medians else "–"


def main():
    directory, title = pathlib.Path(sys.argv[1]), sys.argv[2]
    rows = [(p.stem.split(".", 1)[1], *read(p))
            for p in sorted(directory.glob("*.row"))]
    table = ["| row | smbgate CPU | smbd CPU | unit | CPU ratio (min..max) | "
             "throughput ratio | p99 ratio |", "|---|---|---|---|---|---|---|"]
    data = []
    for name, medians, unit, pair in rows:
        ratios = (f"**{pair[1]:.2f}** ({pair[2]:.2f}..{pair[3]:.2f}) | "
                  f"{pair[0]:.2f} | {pair[4]:.2f}" if pair else "– | – | –")
        table.append(f"| {name} | {cell(medians, 'smbgate', 0)} | "
                     f"{cell(medians, 'smbd', 0)} | {unit} | {ratios} |")
        if pair:
            data.append(f'"{name}" {pair[1]} {pair[2]} {pair[3]}')
    (directory / "table.md").write_text("\n".join(table) + "\n")
    (directory / "ratios.dat").write_text("".join(x + "\n" for x in data))
    (directory / "ratios.gp").write_text(f"""\
set terminal svg size 800,{120 + 26 * max(len(data), 1)} font "sans,13"
set output "{directory}/performance.svg"
set title "{title}"
set xlabel "server CPU per byte or operation, smbd = 1"
set xrange [0:1.2]
set yrange [-0.7:{len(data) - 0.3}] reverse
set grid xtics
set arrow from 1,-0.7 to 1,{len(data) - 0.3} nohead lw 2 lc rgb "#888888"
set style fill solid 0.8
unset key
plot "{directory}/ratios.dat" using 2:0:(0):2:($0-0.35):($0+0.35):ytic(1) \\
    with boxxyerrorbars lc rgb "#3465a4", \\
    "" using 2:0:3:4 with xerrorbars lc rgb "#222222" pt 7 ps 0.4
""")
    print("\n".join(table))


main()

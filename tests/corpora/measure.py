#!/usr/bin/env python3
"""Measures how sheets of public packages are read: each exactly, or refused with the reason. Silently wrong must be 0.

    tests/corpora/measure.py            fetches what is not there yet into target/corpora, and prints a table
    tests/corpora/measure.py --list     and every file with what became of it

Needs cargo, pip and npm with their registries (and node for the cases of papaparse). What rowcast reads is compared cell by
cell with what others read: Python's csv module in its strict mode, openpyxl (xlsx), python-calamine (ods; rowcast reads these
without it), and the expected values that csv-spectrum and papaparse bring along. Exit status 1: a file was read wrongly.
"""

import csv
import datetime
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections import Counter, defaultdict
from decimal import Context, Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "corpora"
# npm packages, and the SHA-256 of what is fetched.
NPM = {
    "csv-spectrum@2.0.0": "002a6a938bf51ceb26af7b760f5c1b54baca4820b0e9142f135619210c93d021",
    "papaparse@5.7.1": "c78b4aa4a792378059ebcfc71b91601a310e0456f431999c8e95b6f4b614b85c",
}
DELIMITERS = {"','": ",", "';'": ";", "tab": "\t", "'|'": "|"}
UNSEEN = "\u200b\u2060\ufeff"
# What others cannot tell of a cell, as it is seen when the file is opened: python-calamine does not know shares of ods.
SEEN = {("ods_formats.ods", "Sheet1", 2, 5): "200%"}
SHEETS = (".csv", ".tsv", ".tab", ".xlsx", ".ods")


# Fetching.


def run(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, **more)


def fetch():
    """Unpacks every package into a folder of its own, and gives these folders by name."""
    packed = CACHE / "packed"
    packed.mkdir(parents=True, exist_ok=True)
    lines = [line.split() for line in (HERE / "sdists.txt").read_text().splitlines() if "==" in line]
    hashes = {line[0].replace("==", "-"): line[1].split(":")[1] for line in lines}
    by_hash = {digest(path): path for path in packed.iterdir()}
    if not set(hashes.values()) <= by_hash.keys():
        names = ",".join(line[0].split("==")[0] for line in lines)
        run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", names, "--require-hashes",
            "--dest", packed, "--requirement", HERE / "sdists.txt")
    for name, sha256 in NPM.items():
        if sha256 not in by_hash:
            run("npm", "pack", "--silent", "--pack-destination", packed, name, stdout=subprocess.DEVNULL)
        hashes[name.replace("@", "-")] = sha256
    by_hash = {digest(path): path for path in packed.iterdir()}
    folders = {}
    for name, sha256 in sorted(hashes.items()):
        if sha256 not in by_hash:
            sys.exit(f"{name}: what was fetched has another checksum")
        folders[name] = CACHE / "unpacked" / name
        if not folders[name].is_dir():
            with tarfile.open(by_hash[sha256]) as archive:
                archive.extractall(folders[name], filter="data")
    return folders


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tools():
    """Makes the readers of workbooks importable."""
    venv = CACHE / "tools"
    if not (venv / "done").exists():
        run(sys.executable, "-m", "venv", venv)
        run(venv / "bin" / "pip", "install", "--quiet", "--no-deps", "--requirement", HERE / "tools.txt")
        (venv / "done").touch()
    sys.path[:0] = [str(path) for path in (venv / "lib").glob("python*/site-packages")]


# What others read: rows of cells, counted from 1.


def is_blank(cells):
    return all(not trim(cell) for cell in cells)


def trim(cell):
    return re.sub(rf"^[\s{UNSEEN}]+|[\s{UNSEEN}]+$", "", cell)


def text_of(data):
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark):].decode(encoding)
    return data.decode("utf-8")


def records(text, delimiter):
    csv.field_size_limit(1 << 30)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def delimiter_of(text, path):
    """The delimiter with which the rows have one width; else what the name says, or what the first line has most of."""
    first = next((line for line in text.splitlines() if trim(line)), "")
    most = max(DELIMITERS.values(), key=first.count)
    named = "\t" if path.suffix in (".tsv", ".tab") else most
    even = []
    for delimiter in DELIMITERS.values():
        try:
            widths = {len(row) for row in records(text, delimiter)[:200] if not is_blank(row)}
        except csv.Error:
            continue
        if len(widths) == 1 and widths != {1}:
            even.append(delimiter)
    return even[0] if len(even) == 1 else named


def text_tables(path):
    """The one table of a text file, or nothing where it is no text that Python reads strictly."""
    try:
        text = text_of(path.read_bytes())
        first = re.match(r'"?sep=(.)"?(\r\n|\r|\n)', text, re.I)
        delimiter = first[1] if first else delimiter_of(text, path)
        return [("", records(text[first.end():] if first else text, delimiter))]
    except (UnicodeDecodeError, csv.Error):
        return [("", None)]


def number(value, form="General"):
    """A number as rowcast promises to read it: 15 digits, no exponent; shares with their sign; zeros that a format shows."""
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.', "", form.split(";")[0])
    decimal = Context(prec=15).create_decimal_from_float(float(value)) if isinstance(value, float) else Decimal(value)
    if "%" in bare:
        return plain(decimal * 100) + "%"
    digits = re.sub(r"[-() /]", "", bare)
    if set(digits) == {"0"} and len(digits) > 1 and decimal == int(decimal) and decimal >= 0:
        return str(int(decimal)).zfill(len(digits))
    return plain(decimal)


def plain(decimal):
    text = format(decimal.normalize(), "f")
    return "0" if text == "-0" else text


def moment(value):
    if isinstance(value, datetime.datetime):
        value = (value + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    if isinstance(value, datetime.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return value.isoformat(timespec="seconds") if isinstance(value, datetime.time) else value.isoformat()


def shown(value, form="General"):
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return number(value, form)
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta)):
        return moment(value)
    span = re.fullmatch(r"PT(\d+)H(\d+)M(\d+)S", str(value))
    return ":".join(part.zfill(2) for part in span.groups()) if span else str(value)


def workbook_tables(path):
    """Every tab with its table."""
    if path.suffix == ".xlsx":
        import openpyxl

        book = openpyxl.load_workbook(path, data_only=True)
        for tab in book.worksheets:
            yield tab.title, [[shown(cell.value, cell.number_format) for cell in row] for row in tab.iter_rows(min_row=1, min_col=1)]
    else:
        import python_calamine

        book = python_calamine.CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield name, [[shown(cell if cell != "" else None) for cell in row] for row in rows]


def tables(path):
    if path.suffix in (".xlsx", ".ods"):
        try:
            return list(workbook_tables(path))
        except Exception:  # Whatever ails them, rowcast has to say what it makes of the file.
            return [("", None)]
    return text_tables(path)


# What rowcast reads.


def cells(path, table, tab):
    header = next((row for row in table or guessed(path) if not is_blank(row)), [])
    names = Counter(trim(name) for name in header)
    recipient = next((trim(name) for name in header if trim(name).isprintable() and trim(name) and names[trim(name)] == 1), "")
    command = [EXAMPLE, path, recipient, tab]
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=120)
    if done.returncode != 0:
        return {"refused": None, "broke": done.stderr.decode(errors="replace")}
    return json.loads(done.stdout)


def guessed(path):
    """Rows of a file that nobody else reads, good enough to find a name in its header."""
    text = path.read_bytes().decode("latin-1")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text, path)))
    except csv.Error:
        return []


def table_of(read):
    """The header and the rows with their numbers, without blanks at the end of each."""
    return [without_end(read["header"])] + [(number, without_end(row)) for number, row in read["rows"]]


def without_end(row):
    row = list(row)
    while row and not trim(row[-1]):
        row.pop()
    return row


def expected(table):
    filled = [(number, row) for number, row in enumerate(table, 1) if not is_blank(row)]
    return [without_end(map(trim, filled[0][1]))] + [(number, without_end(row)) for number, row in filled[1:]]


def verdict(path, tab, table):
    """What became of a table: `exact`, `refused` or `wrong`, and what there is to say of it."""
    read = cells(path, table, tab)
    if "refused" in read:
        reason = read["refused"]
        # A refusal names the file and says why.
        return ("refused", reason.removeprefix(str(path))) if reason and reason.startswith(str(path)) else ("wrong", str(read))
    if table is None:
        return "wrong", "Python reads no such text"
    for (name, seen_in, row, column), seen in SEEN.items():
        if (path.name, tab) == (name, seen_in):
            table[row - 1][column] = seen
    got, wanted = table_of(read), expected(table)
    if got == wanted:
        return "exact", read["read"]
    first = next((pair for pair in zip(got, wanted) if pair[0] != pair[1]), (len(got), len(wanted)))
    return "wrong", f"{read['read']}: {first[0]} instead of {first[1]}"


def headed(place, path, tab, table, outcome):
    """The outcome of a table; where it is refused, it is tried again with a header of our own, so that its cells are compared."""
    yield place, tab, outcome
    if outcome[0] == "refused" and table and path.suffix not in (".xlsx", ".ods"):
        data = path.read_bytes()
        mark = next((mark for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff") if data.startswith(mark)), b"")
        encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(mark, "utf-8")
        text = text_of(data)
        end = next((end for end in ("\r\n", "\n", "\r") if end in text), "\n")
        names = [f"column {number}" for number in range(1, 1 + max(map(len, table)))]
        made = CACHE / "headed" / f"{digest(path)}{path.suffix}"
        made.parent.mkdir(exist_ok=True)
        made.write_bytes(mark + (delimiter_of(text, path).join(names) + end + text).encode(encoding))
        yield f"{place} below a header", tab, verdict(made, tab, [names, *table])


def of_spectrum(folder):
    """csv-spectrum brings along what is to be read."""
    for path in sorted((folder / "package" / "csvs").glob("*.csv")):
        rows = json.loads((folder / "package" / "json" / f"{path.stem}.json").read_text())
        (_, table), = text_tables(path)
        outcome = verdict(path, "", table)
        if outcome[0] == "exact":
            read = cells(path, table, "")
            got = [dict(zip(read["header"], row)) for _, row in read["rows"]]
            if got != rows:
                outcome = "wrong", f"{got} instead of {rows}"
        yield from headed(path.name, path, "", table, outcome)


PAPAPARSE = """
const fs = require('fs'), path = require('path'), vm = require('vm');
const script = process.argv[1];
const load = name => name === 'chai' ? { assert: {} } : require(path.join(path.dirname(script), name));
const context = { module: { exports: {} }, require: load, describe: Object.assign(() => {}, { skip() {} }), console };
vm.createContext(context);
vm.runInContext(fs.readFileSync(script, 'utf8') + '\\nglobalThis.all = [...CORE_PARSER_TESTS, ...PARSE_TESTS];', context);
const cases = context.all.filter(one => typeof one.input === 'string' && one.expected && Array.isArray(one.expected.data));
console.log(JSON.stringify(cases.map(one => ({ what: one.description, input: one.input, data: one.expected.data, config: Object.keys(one.config || {}) }))));
"""


def of_papaparse(folder):
    """The cases of papaparse that are sheets: without settings, and with a header that names columns."""
    script = folder / "package" / "tests" / "test-cases.js"
    found = json.loads(run("node", "-e", PAPAPARSE, script, capture_output=True).stdout)
    made = CACHE / "papaparse"
    made.mkdir(exist_ok=True)
    for number, case in enumerate(found):
        if case["config"] or not all(isinstance(row, list) for row in case["data"]):
            continue
        path = made / f"{number:03}.csv"
        path.write_bytes(case["input"].encode("utf-8", "surrogatepass"))
        table = [[str(cell) for cell in row] for row in case["data"]]
        yield from headed(f"test-cases.js: {case['what']}", path, "", table, verdict(path, "", table))


def of_folder(folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in SHEETS:
            for tab, table in tables(path):
                yield from headed(path.relative_to(folder), path, tab, table, verdict(path, tab, table))


def main():
    global EXAMPLE
    tools()
    folders = fetch()
    run("cargo", "build", "--quiet", "--locked", "--example", "cells", cwd=ROOT)
    EXAMPLE = CACHE.parent / "debug" / "examples" / "cells"
    counts, reasons, wrong = defaultdict(Counter), Counter(), []
    for name, folder in folders.items():
        found = list(of_folder(folder)) if not name.startswith("csv-spectrum") else list(of_spectrum(folder))
        if name.startswith("papaparse"):
            found += of_papaparse(folder)
        for path, tab, (outcome, words) in found:
            counts[name][outcome] += 1
            place = f"{name}: {path}{' ' + tab if tab else ''}"
            if outcome == "wrong":
                wrong.append(f"{place}: {words}")
            elif outcome == "refused":
                reasons[re.sub(r"'[^']*'|\d+|`[^`]*`", "…", words.split(": ", 1)[-1])[:70]] += 1
            if "--list" in sys.argv:
                print(f"{outcome:8} {place}: {words}")
    print(f"{'package':24} {'tables':>7} {'exact':>7} {'refused':>8} {'wrong':>6}")
    for name, count in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        print(f"{name:24} {count.total():7} {count['exact']:7} {count['refused']:8} {count['wrong']:6}")
    print("\nRefused because")
    for reason, count in reasons.most_common():
        print(f"{count:5} {reason}")
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

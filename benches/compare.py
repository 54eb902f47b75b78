#!/usr/bin/env python3
"""Runs the whole program beside wrk, oha and an asyncio script, in one run, and prints what came of it as a table.

    benches/compare.py [--quick] [--rounds N] [--million] [--only WORD]

Everything talks to benches/tools/load_server.rs on loopback, in a process of its own. What is compared takes turns, round by
round, so that both sides see the same machine; figures are medians of the rounds, ratios medians of the rounds' ratios.
Needs Linux, Debian's wrk, and oha (`cargo install oha --locked --root target/tools`); what is not there is left out.
"""

import argparse
import csv
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HOME = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HOME / "target"))
WORK = TARGET / "bench"
ROWCAST = TARGET / "release" / "rowcast"
VENV = TARGET / "bench-venv"
DATA = WORK / "data"
IN_FLIGHT = 64
ACCOUNT = "acc_bench"
# Nothing is ever sent there: a finished campaign has nothing to send.
NOWHERE = "http://127.0.0.1:9/linkedin"
LIMIT_SECONDS = 600

# 400 bytes when rendered, five variables, two conditions. Tera and Jinja2 read it alike.
TEMPLATE = """Hi {{ first_name }},

I came across {{ company }} while I was reading about teams in {{ city }} that plan their campaigns in a spreadsheet.
{% if title %}As {{ title }} you will know how long it takes until every row has become a message.
{% endif %}{% if mutual %}{{ mutual }} told me that you would be the right person to ask.
{% endif %}Would you have a quarter of an hour next week to tell me how you do it today, and what you would change?

Best wishes
"""


def log(text):
    print(text, file=sys.stderr, flush=True)


class Run:
    """A command that ran: wall and CPU seconds (user and system), peak memory in bytes, output."""

    def __init__(self, command, codes=(0,)):
        # The history of contacts of whoever runs this stays as it is.
        environment = dict(os.environ, CONNECTSAFELY_API_KEY="00000000-bench-key-0000", ROWCAST_DATA_DIR=str(DATA))
        began = time.perf_counter()
        with open(WORK / "output.txt", "w+b") as output:
            process = subprocess.Popen(
                [str(part) for part in command], cwd=WORK, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
            # wait4 has no time-out of its own, so a watchdog ends the process by its id.
            watchdog = subprocess.Popen(["sh", "-c", f"sleep {LIMIT_SECONDS}; kill {process.pid}"], start_new_session=True)
            _, status, usage = os.wait4(process.pid, 0)
            self.wall = time.perf_counter() - began
            os.killpg(watchdog.pid, 15)
            watchdog.wait()
            output.seek(0)
            self.output = output.read().decode(errors="replace")
        process.returncode = code = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss * 1024
        if code not in codes:
            raise SystemExit(f"{command}: exit {code}\n{self.output}")


class Server:
    """The load server, for as long as the block lasts."""

    def __init__(self, latency_ms):
        self.command = [str(TARGET / "release" / "examples" / "load_server"), str(latency_ms)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self.process.stdout.readline().strip() + "/linkedin"

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def sheet(rows):
    """A sheet of so many rows; one in four has no title, one in three no mutual friend."""
    path = WORK / f"people-{rows}.csv"
    if path.exists():
        return path
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["first_name", "company", "city", "title", "mutual", "profile_id", "account"])
        for row in range(rows):
            title = "" if row % 4 == 3 else "head of partnerships"
            mutual = "" if row % 3 == 2 else f"Marguerite Dupont-{row % 97}"
            writer.writerow([f"Antonia{row % 1000}", f"Example Works {row % 5000}", "Rotterdam", title, mutual, f"person-{row:07}", ACCOUNT])
    return path


def rowcast(rows, base_url):
    """A run of a campaign that was never run before, on a machine that never ran any."""
    shutil.rmtree(DATA, ignore_errors=True)
    for old in WORK.glob(f"people-{rows}.results.*"):
        old.unlink()
    return again(rows, base_url)


def again(rows, base_url):
    pace = ["--rate", "unlimited", "--account-rate", "unlimited", "--daily-limit", "unlimited", "--concurrency", IN_FLIGHT]
    run = Run([ROWCAST, "run", sheet(rows), "-m", "message.txt", "--base-url", base_url, *pace, "--yes", "--format", "json"])
    summary = json.loads(next(line for line in run.output.splitlines() if line.startswith("{")))
    if summary["sent"] != rows:
        raise SystemExit(f"rowcast sent {summary['sent']} of {rows}\n{run.output}")
    return run


def script(rows, base_url, records):
    results = WORK / "script.csv"
    for old in WORK.glob("script.csv*"):
        old.unlink()
    python = VENV / "bin" / "python"
    command = [python, HOME / "benches" / "asyncio_script.py", sheet(rows), "message.txt", base_url, results]
    return Run([*command, "--records", records, "--concurrency", IN_FLIGHT])


def wrk(base_url, seconds):
    """Requests per second on kept connections."""
    command = ["wrk", "-t1", f"-c{IN_FLIGHT}", f"-d{seconds}s", "-s", "post.lua", base_url + "/conversations/send"]
    run = Run(command)
    run.rate = float(run.output.split("Requests/sec:")[1].split()[0])
    return run


def oha(base_url, requests):
    """Requests per second, a connection for each."""
    command = [OHA, "--no-tui", "--output-format", "json", "--disable-keepalive", "-n", requests, "-c", IN_FLIGHT, "-m", "POST"]
    headers = ["-H", "content-type: application/json", "-H", "authorization: Bearer key"]
    run = Run([*command, *headers, "-D", "body.json", base_url + "/conversations/send"])
    run.rate = json.loads(run.output)["summary"]["requestsPerSec"]
    return run


OHA = shutil.which("oha", path=f"{TARGET / 'tools' / 'bin'}:{os.environ.get('PATH', '')}")


def prepare():
    WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cargo", "build", "--release", "--bin", "rowcast", "--examples"], cwd=HOME, check=True)
    if not (VENV / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin" / "pip", "-q", "install", "aiohttp", "jinja2"], check=True)
    (WORK / "message.txt").write_text(TEMPLATE, encoding="utf-8")
    # What rowcast sends for a row, so that the load generators send no less.
    message = Run([ROWCAST, "preview", sheet(10), "-m", "message.txt", "--limit", 1, "--format", "json"]).output
    message = json.loads(message.splitlines()[0])["message"]
    body = json.dumps({"accountId": ACCOUNT, "recipientProfileId": "person-0000000", "message": message})
    (WORK / "body.json").write_text(body)
    lua = f'wrk.method = "POST"\nwrk.body = [==[{body}]==]\nwrk.headers["content-type"] = "application/json"\n'
    (WORK / "post.lua").write_text(lua + 'wrk.headers["authorization"] = "Bearer key"\n')
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    print(f"Message of {len(message.encode())} bytes; {load}; a sync of the disk takes {sync():.2f} ms.\n", flush=True)


def sync():
    """The median time of a small append that is synced, in milliseconds: what every intent waits for."""
    with open(WORK / "sync", "wb", buffering=0) as file:
        times = []
        for _ in range(100):
            file.write(bytes(500))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3


class Table:
    """Rows of the printed table, and whether each number was reached."""

    def __init__(self):
        self.rows = []

    def add(self, what, seen, wanted, reached, beside=""):
        self.rows.append((what, seen, wanted, {True: "yes", False: "NO", None: ""}[reached], beside))
        log(f"{what}: {seen} (wanted {wanted}) {beside}")

    def show(self):
        print("| what | seen | wanted | reached | beside |\n| --- | --- | --- | --- | --- |")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")


def spread(values, digits=2):
    values = sorted(values)
    middle = statistics.median(values)
    return middle, f"{middle:.{digits}f} ({values[0]:.{digits}f}–{values[-1]:.{digits}f})"


def at_50_ms(table, rounds, rows):
    """Messages a second beside wrk, and CPU a message beside the script."""
    seen = []
    with Server(50) as base_url:
        for _ in range(rounds):
            seen.append(
                {
                    "wrk": wrk(base_url, max(3, rows // 1250)) if shutil.which("wrk") else None,
                    "rowcast": rowcast(rows, base_url),
                    "none": script(rows, base_url, "none"),
                    "each": script(rows, base_url, "each"),
                    "batch": script(rows, base_url, "batch"),
                }
            )
    rate = lambda name: [rows / one[name].wall for one in seen]
    if seen[0]["wrk"]:
        beside = lambda name: spread([rows / one[name].wall / one["wrk"].rate for one in seen])
        middle, text = beside("rowcast")
        others = ", ".join(f"{name} {beside(name)[1]}" for name in ("none", "each", "batch"))
        figures = f"rowcast {statistics.median(rate('rowcast')):.0f}/s, wrk {statistics.median(one['wrk'].rate for one in seen):.0f}/s; script: {others}"
        table.add("messages/s at 50 ms against wrk", text, "≥ 0.93", middle >= 0.93, figures)
    for name in ("each", "batch"):
        middle, text = spread([one[name].cpu / one["rowcast"].cpu for one in seen], 1)
        micros = lambda name: f"{statistics.median(one[name].cpu for one in seen) / rows * 1e6:.0f} µs"
        figures = f"rowcast {micros('rowcast')} a message, script {micros(name)}"
        table.add(f"CPU a message: script, records `{name}`, against rowcast, 50 ms", text, "≥ 8", middle >= 8, figures)


def at_0_ms(table, rounds, rows):
    """Messages a second beside oha, which opens a connection for each request too."""
    if not OHA:
        return log("oha is not there")
    with Server(0) as base_url:
        seen = [(oha(base_url, rows), rowcast(rows, base_url)) for _ in range(rounds)]
    middle, text = spread([rows / run.wall / load.rate for load, run in seen])
    rate = statistics.median(rows / run.wall for _, run in seen)
    cpu = statistics.median(run.cpu for _, run in seen) / rows * 1e6
    figures = f"rowcast {rate:.0f}/s, {cpu:.0f} µs CPU a message; oha {statistics.median(load.rate for load, _ in seen):.0f}/s"
    table.add("messages/s at 0 ms against oha --disable-keepalive", text, "≥ 0.5", middle >= 0.5, figures)


def bare(base_url, requests, *records):
    """Runs the least that a sender could do. Returns the CPU of a request in microseconds."""
    for record in records:
        (WORK / record).unlink(missing_ok=True)
    address = base_url.removeprefix("http://").removesuffix("/linkedin")
    command = [TARGET / "release" / "examples" / "bare_sender", address, "body.json", requests, IN_FLIGHT, *records]
    return Run(command).cpu / requests * 1e6


def floor(table, rounds, rows):
    """What any sender pays for a connection for every request, and for records that are synced."""
    for latency in (50, 0):
        with Server(latency) as base_url:
            seen = [(bare(base_url, rows), bare(base_url, rows, "bare.records")) for _ in range(rounds)]
        alone, recorded = (spread([one[index] for one in seen], 0)[1] for index in (0, 1))
        table.add(f"CPU a message of a bare sender, {latency} ms", f"{alone} µs", "the floor", None, f"with synced records {recorded} µs")


def memory(table, sizes):
    with Server(0) as base_url:
        for rows in sizes:
            peak = rowcast(rows, base_url).peak
            most = 25e6 + 100 * rows
            table.add(f"peak memory of a run of {rows:,} rows", f"{peak / 1e6:.1f} MB", f"≤ {most / 1e6:.1f} MB", peak <= most)


def check(table, rounds, rows):
    idle = statistics.median(Run([ROWCAST, "--version"]).cpu for _ in range(rounds))
    seen = [Run([ROWCAST, "check", sheet(rows), "-m", "message.txt"]) for _ in range(rounds)]
    middle, text = spread([rows / run.cpu for run in seen], 0)
    figures = f"{rows:,} rows, {statistics.median(run.peak for run in seen) / 1e6:.0f} MB; {idle * 1e3:.0f} ms CPU to start"
    table.add("check: rows per CPU second", text, "≥ 200,000", middle >= 200_000, figures)


def finished(table, rounds, rows):
    for old in WORK.glob(f"people-{rows}.results.*"):
        old.unlink()
    path = WORK / f"people-{rows}.results.journal"
    sheet(rows)
    Run([TARGET / "release" / "examples" / "finished_journal", path, NOWHERE, ACCOUNT, rows])
    first = again(rows, NOWHERE)
    seen = [again(rows, NOWHERE) for _ in range(rounds)]
    middle, text = spread([run.wall for run in seen])
    figures = f"peak {seen[0].peak / 1e6:.0f} MB, CPU {statistics.median(run.cpu for run in seen):.2f} s; {first.wall:.1f} s where the results are to be written"
    table.add(f"run on a finished campaign of {rows:,} rows", f"{text} s", f"< {5 * rows / 1e6:.1f} s", middle < 5 * rows / 1e6, figures)


def ten_rows(table, rounds):
    with Server(0) as base_url:
        seen = [(rowcast(10, base_url), script(10, base_url, "each")) for _ in range(5 * rounds)]
    middle, text = spread([run.wall * 1e3 for run, _ in seen], 0)
    beside = spread([run.wall * 1e3 for _, run in seen], 0)[1]
    table.add("10 rows, start to finish, 0 ms", f"{text} ms", "< 60 ms", middle < 60, f"the script {beside} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sheets: a minute, and rougher figures")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--million", action="store_true", help="also send a million messages, for the memory of it")
    parser.add_argument("--only", metavar="WORD", action="append", help="50ms, 0ms, floor, memory, check, finished, ten; again for more")
    args = parser.parse_args()
    prepare()
    table, rounds = Table(), args.rounds
    small = args.quick
    sizes = [10_000] if small else [10_000, 100_000] + [1_000_000] * args.million
    measures = {
        "ten": lambda: ten_rows(table, rounds),
        "check": lambda: check(table, rounds, 50_000 if small else 200_000),
        "50ms": lambda: at_50_ms(table, rounds, 2_500 if small else 20_000),
        "0ms": lambda: at_0_ms(table, rounds, 5_000 if small else 30_000),
        "floor": lambda: floor(table, rounds, 2_500 if small else 10_000),
        "memory": lambda: memory(table, sizes),
        "finished": lambda: finished(table, rounds, 100_000 if small else 1_000_000),
    }
    for name, measure in measures.items():
        if not args.only or name in args.only:
            measure()
    table.show()


if __name__ == "__main__":
    main()

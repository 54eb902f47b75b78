"""The script that many write for this: aiohttp and Jinja2, and SQLite for what must not be forgotten.

    python asyncio_script.py SHEET TEMPLATE BASE_URL RESULTS --records none|each|batch [--concurrency 64]

It does what rowcast does where it can: strict templates, intent before the request, outcome after it, results at the
end. `each` commits every intent and every outcome with synchronous=FULL; `batch` has one writer that commits
whatever is waiting, all at once; `none` keeps nothing, so it could not be stopped without a doubt.
Needs aiohttp and jinja2 (compare.py puts them into target/bench-venv).
"""

import argparse
import asyncio
import csv
import hashlib
import os
import sqlite3

import aiohttp
import jinja2

INTENT = "INSERT OR REPLACE INTO sends (key, sha256, status) VALUES (?, ?, 'unconfirmed')"
OUTCOME = "UPDATE sends SET status = ?, recipient_urn = ?, message_urn = ?, http_status = ? WHERE key = ?"


class Nothing:
    async def put(self, statement, values):
        pass

    async def close(self):
        pass


class Each:
    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS sends"
            " (key TEXT PRIMARY KEY, sha256 TEXT, status TEXT, recipient_urn TEXT, message_urn TEXT, http_status INTEGER)"
        )
        self.db.commit()

    async def put(self, statement, values):
        self.db.execute(statement, values)
        self.db.commit()

    async def close(self):
        self.db.close()


class Batch(Each):
    def __init__(self, path):
        super().__init__(path)
        self.waiting = []
        self.wake = asyncio.Event()
        self.writer = asyncio.create_task(self.write())

    async def put(self, statement, values):
        done = asyncio.get_running_loop().create_future()
        self.waiting.append((statement, values, done))
        self.wake.set()
        await done

    async def write(self):
        while True:
            await self.wake.wait()
            self.wake.clear()
            batch, self.waiting = self.waiting, []
            for statement, values, _ in batch:
                self.db.execute(statement, values)
            self.db.commit()
            for _, _, done in batch:
                done.set_result(None)

    async def close(self):
        self.writer.cancel()
        await super().close()


async def main():
    parser = argparse.ArgumentParser()
    for name in ("sheet", "template", "base_url", "results"):
        parser.add_argument(name)
    parser.add_argument("--records", choices=("none", "each", "batch"), default="batch")
    parser.add_argument("--concurrency", type=int, default=64)
    args = parser.parse_args()

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True)
    with open(args.template, encoding="utf-8") as file:
        template = environment.from_string(file.read())
    with open(args.sheet, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    records = {"none": lambda path: Nothing(), "each": Each, "batch": Batch}[args.records](args.results + ".sqlite")

    todo = iter(rows)
    headers = {"Authorization": "Bearer " + os.environ["CONNECTSAFELY_API_KEY"]}
    connector = aiohttp.TCPConnector(limit=args.concurrency)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def work():
            for row in todo:
                message = template.render(row).rstrip()
                row["sha256"] = hashlib.sha256(message.encode()).hexdigest()
                await records.put(INTENT, (row["profile_id"], row["sha256"]))
                body = {"accountId": row["account"], "recipientProfileId": row["profile_id"], "message": message}
                async with session.post(args.base_url + "/conversations/send", json=body) as answer:
                    told = await answer.json()
                sent = answer.status == 200 and told.get("success") is not False
                row["status"] = "sent" if sent else "failed"
                row["recipient_urn"] = told.get("recipientProfileUrn", "")
                row["message_urn"] = told.get("sentMessage", {}).get("messageUrn", "")
                values = (row["status"], row["recipient_urn"], row["message_urn"], answer.status, row["profile_id"])
                await records.put(OUTCOME, values)

        await asyncio.gather(*(work() for _ in range(args.concurrency)))
    await records.close()
    with open(args.results, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    unsent = sum(row["status"] != "sent" for row in rows)
    raise SystemExit(1 if unsent else 0)


asyncio.run(main())

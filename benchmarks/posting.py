"""How many comments can be posted, and votes given, a second? With every check on, with and without the model's work.

    python -m benchmarks.posting [--size N] [--seconds S] [--replayed]

A thread of 1,000 comments on SQLite (synchronous=FULL), 64 readers, wrk. `replayed`: the engine gives scores that it
has in store, so the figure is what everything else costs; then the embedded engine itself.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.filling import BIG, SITE, Filled, fill
from benchmarks.stand import Load, require_wrk, serve_ours
from benchmarks.tables import Table, ms

_WORDS = (
    "harbour", "ferry", "council", "tram", "bridge", "school", "library", "market", "winter", "timetable", "budget",
    "quay", "storm", "cranes", "island", "petition", "driver", "evening", "ticket", "street",
)  # fmt: skip
_CLIENTS = (1, 8)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, serve, post and vote; print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--replayed", action="store_true", help="without the embedded engine")
    options = parser.parse_args(arguments)
    require_wrk()
    table = Table("what", "a second", "median ms", "99 of 100 within ms", "CPU ms each", "line")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'bench.db'}"
        filled = fill(url, options.size)
        for engine, replay in (("replayed", True), ("embedded engine", False))[: 1 if options.replayed else 2]:
            for workers in (1, 2):
                with serve_ours(url, folder, replay=replay, workers=workers) as stand:
                    for clients in _CLIENTS:
                        run = f"{engine[0]}{workers}{clients}"
                        stand.load(posts(filled.tokens, f"warm {run}"), clients=clients, seconds=1)
                        found = stand.load(posts(filled.tokens, run), clients=clients, seconds=options.seconds)
                        line = "≥ 700" if (replay, clients) == (True, 8) else ""
                        _add(
                            table,
                            f"posting, {engine}, {_many(workers, 'worker')}, {_many(clients, 'client')}",
                            found,
                            line,
                        )
        with serve_ours(url, folder, replay=True) as stand:
            _add(table, "voting, 8 clients", stand.load(votes(filled), clients=8, seconds=options.seconds), "")
    print(table.markdown())


def posts(tokens: Sequence[str], run: str) -> str:
    """Write the script by which each request posts another comment; `run` makes its texts and keys its own."""
    json = (
        f'{{"site":"{SITE}","article":{{"key":"{BIG}","url":"https://{SITE}.example/{BIG}","title":"Big"}},'
        '"body":"%s","nudge":false}'
    )
    return f"""
local tokens, words = {_listed(tokens)}, {_listed(_WORDS)}
local at = 0
math.randomseed(7)
function request()
  at = at + 1
  local body = {{"Remark", tostring(at), "of {run}."}}
  for i = 1, 25 do body[#body + 1] = words[math.random(#words)] end
  return wrk.format("POST", "/api/v1/comments", {{
    ["Authorization"] = tokens[at % #tokens + 1], ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = "{run}-" .. at
  }}, string.format([[{json}]], table.concat(body, " ")))
end
"""


def votes(filled: Filled) -> str:
    """Write the script by which readers vote up and down on one comment after the other."""
    return f"""
local tokens, comments = {_listed(filled.tokens)}, {_listed([str(one) for one in filled.published])}
local at = 0
function request()
  at = at + 1
  local comment = comments[math.floor(at / #tokens) % #comments + 1]
  return wrk.format("PUT", "/api/v1/comments/" .. comment .. "/vote", {{
    ["Authorization"] = tokens[at % #tokens + 1], ["Content-Type"] = "application/json"
  }}, at % 3 == 0 and '{{"value":-1}}' or '{{"value":1}}')
end
"""


def _listed(words: Sequence[str]) -> str:
    return "{" + ", ".join(f'"{word}"' for word in words) + "}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" + ("s" if number > 1 else "")


def _add(table: Table, what: str, load: Load, line: str) -> None:
    bad = f" ({load.bad} refused)" if load.bad else ""
    table.add(what, f"{load.rate:,.0f}{bad}", ms(load.p50), ms(load.p99), ms(load.cpu), line)


if __name__ == "__main__":
    main()

"""Texts made to break an engine: it scores or abstains, in time, and its memory stays bounded."""

import random
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from time import thread_time

import pytest

from commentsvc.enums import SignalState
from commentsvc.moderation.batching import Batcher, BatchingEngine
from commentsvc.moderation.embedded import embed_texts, load_relevance
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.terms import Draft
from commentsvc.moderation.toxicity import load_engine

KB = 1024
_LOTS = random.Random(3)
_LETTERS = [chr(point) for point in range(0x20, 0x30000) if unicodedata.category(chr(point))[0] in "LMNPSZ"]

HOSTILE = {
    "empty": "",
    "space": " \n\t\u00a0\u3000" * 200,
    "64 kB of words": "The ferry is late again today. " * (64 * KB // 31),
    "64 kB without a space": "a" * (64 * KB),
    "64 kB of different words": " ".join(f"w{number:x}" for number in range(11_000)),
    "64 kB of abuse": "you stupid idiot " * (64 * KB // 17),
    "emoji": "\U0001f600\U0001f92c\U0001f469\u200d\U0001f4bb" * 500,
    "punctuation": "?!.,;:-()[]{}*&^%$#@" * 200,
    "zero-width": "\u200b\u200c\u200d\u2060\ufeff" * 500,
    "marks": "".join(f"{letter}{chr(0x300 + at % 70) * 40}" for at, letter in enumerate("you are an idiot" * 40)),
    "only marks": "\u0336" * 5000,
    "10,000 code points": "".join(_LOTS.sample(_LETTERS, 10_000)),
    "10,000 code points as words": " ".join(_LOTS.sample(_LETTERS, 10_000)),
    "scripts in one word": "".join(_LETTERS[at] for at in range(0, len(_LETTERS), 97)),
    "right to left": "\u202eأنت أحمق \u05d0\u05ea\u05d4 \u05d8\u05d9\u05e4\u05e9\u202c idiot" * 100,
    "lone surrogates": "you \ud800 idiot \udfff",
    "NUL": "you\x00idiot" * 100,
    "controls": "".join(map(chr, range(32))) * 100,
    "private use": "\ue000\U000f0000" * 1000,
    "stretched": "i" + "d" * 3000 + "iot " * 3000,
    "spelled out": "i d i o t " * 4000,
    "masked": "f*ck " * 5000,
    "digits": "5tup1d 1d10t " * 4000,
    "ligatures": "\ufdfa" * 3000,
}


BUDGET_S = 2.0
"""What the judge gives an engine; counted here as its own work, so that a busy machine fails no test."""


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    # More patient than the service: other tests run beside this one.
    engine = BatchingEngine(load_engine("embedded", None), Batcher(patience=60.0), embed=embed_texts)
    made = Judge(engine, load_relevance(engine.embed), budget=60.0)
    yield made
    made.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_scored_or_abstained_on(judge: Judge, name: str) -> None:
    draft = Draft(HOSTILE[name], article_title="Ferry", article_text="ferry " * 50)

    judgement = judge.judge(draft, DEFAULT_POLICY)

    states = {signal.check: signal.state for signal in judgement.signals}
    assert SignalState.FAILED not in states.values(), states


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_no_more_than_the_budget(judge: Judge, name: str) -> None:
    began = thread_time()

    judge.toxicity.score([HOSTILE[name]])

    assert thread_time() - began < BUDGET_S


def test_hostile_texts_do_not_change_what_an_honest_one_scores(judge: Judge) -> None:
    honest = "You are a stupid idiot."
    (alone,) = judge.toxicity.score([honest])

    among = judge.toxicity.score([*HOSTILE.values(), honest])

    assert among[-1]["toxicity"] == pytest.approx(alone["toxicity"], abs=0.02)
    assert len(among) == len(HOSTILE) + 1


GROWTH = """
import resource, sys
from commentsvc.app import build_judge
from commentsvc.moderation.terms import Draft
from commentsvc.settings import Settings
from tests.moderation.test_hostile_texts import HOSTILE

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 2**20

judge = build_judge(Settings(classifier="embedded"))
texts = list(HOSTILE.values())
sizes = []
for number in range(4 * len(texts)):
    text = texts[number % len(texts)] + str(number)
    judge.toxicity.score([text])
    judge.relevance.score(Draft(text, article_title="Ferry", article_text="ferry " * 50))
    if number % len(texts) == len(texts) - 1:
        sizes.append(resident())
print(*sizes)
"""


@pytest.mark.slow
def test_memory_stays_bounded_over_hostile_texts() -> None:
    answer = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True, timeout=300)

    sizes = [int(size) for size in answer.stdout.splitlines()[-1].split()]
    assert sizes[-1] - sizes[0] < 64, sizes

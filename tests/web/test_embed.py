import gzip
import re
import shutil
import subprocess

import pytest

from commentsvc.infra.paths import STATIC
from commentsvc.web import embed, packing

BUDGET = 15_000


def test_loader_names_modules_that_may_be_kept_for_ever(client):
    loader = client.get("/embed.js")
    address = re.search(r'"\./(static/widget/\w+/first\.js)"', loader.text).group(1)

    module = client.get(f"/{address}")

    assert loader.headers["Cache-Control"] == "public, max-age=300, stale-while-revalidate=86400"
    assert module.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for answer in (loader, module):
        assert answer.mimetype == "text/javascript"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers


def test_module_of_another_version_is_sent_but_not_kept(client):
    answer = client.get("/static/widget/000000000000/first.js")

    assert answer.status_code == 200
    assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["nothing.js", "types.d.ts", "..%2fembed.py", "%2e%2e"])
def test_only_modules_are_sent(client, name):
    assert client.get(f"/static/widget/000000000000/{name}").status_code == 404


def test_loader_is_not_sent_twice(client):
    etag = client.get("/embed.js").headers["ETag"]

    again = client.get("/embed.js", headers={"If-None-Match": etag})

    assert again.status_code == 304
    assert again.data == b""


def test_modules_come_compressed_to_who_takes_that(client):
    plain = client.get("/embed.js")
    zipped = client.get("/embed.js", headers={"Accept-Encoding": "br, gzip"})

    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert "Accept-Encoding" in zipped.headers["Vary"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "strings.js"), *((one, f"strings.{one}.js") for one in ("ar", "de", "es", "fr", "ja"))],
)
def test_first_view_stays_within_its_budget_in_every_language(language, words):
    sizes = {name: len(file.zipped) for name, file in embed.first_view(language).items()}

    assert sizes.keys() == {"embed.js", "first.js", "counts.js", words}
    assert sum(sizes.values()) <= BUDGET, sizes


def test_counts_are_filled_by_one_small_file(client):
    answer = client.get("/counts.js", headers={"Accept-Encoding": "gzip"})

    assert len(answer.data) <= 1000
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert b"import" not in gzip.decompress(answer.data).replace(b"import.meta.url", b"")


def test_lean_source_leaves_code_and_text_alone():
    source = (
        "// What?\n"
        "/** Kept out. */\n"
        "const a = 'http://x  y'; // goes\n"
        "/**\n * @param {string} b\n */\n"
        "  /** @type {X} */ (c).d();\n"
        "e = `// two  ${f + 1}  spaces`\n"
        "g = i + ++h;\n"
        'g = /[/]  "/;\n'
    )

    lean = packing.lean("a.js", source)

    assert lean == "const a='http://x  y';(c).d();e=`// two  ${f + 1}  spaces`\ng=i+ ++h;g=/[/]  \"/;"


def test_lean_style_sheets_still_say_the_same():
    sheet = "export const a = `\n/* Why. */\n.a  :is(.b > .c, .d .e) { width: calc(1em + 2px); margin: 0 auto }\n`;"

    lean = packing.lean("styles-a.js", sheet)

    assert lean == "export const a=`.a :is(.b>.c,.d .e){width:calc(1em + 2px);margin:0 auto}`;"


def test_no_module_has_what_would_be_read_wrongly_when_it_is_made_lean():
    # After an arrow, the start of a regular expression is taken for a division.
    for path in (STATIC / "widget").glob("*.js"):
        assert not re.search(r"=>\s*/[^/*]", path.read_text("utf-8")), path.name


def test_what_every_view_needs_is_one_file_and_the_rest_finds_it():
    sources = {
        "embed.js": 'import { A } from "./a.js";\nA.go();\n',
        "a.js": (
            'import { b, C_D } from "./b-c.js";\nimport "./b-c.js";\n'
            'export class A { static go() { import("./later.js"); } }\n'
        ),
        "b-c.js": "const own = 1;\nexport const C_D = own;\nexport async function b() {}\n",
        "later.js": 'import { A as E } from "./a.js";\nimport { f } from "./last.js";\nf(E);\n',
        "last.js": "export function f() {}\n",
    }

    packed = packing.pack(sources, "v1")

    assert packed == {
        "embed.js": 'import{$a}from"./v1/first.js";const{A}=$a;A.go();',
        "first.js": (
            "const $b_c=(()=>{const own=1;const C_D=own;async function b(){}\nreturn{C_D,b}})();\n"
            'const $a=(()=>{const{b,C_D}=$b_c;class A{static go(){import("./later.js");}}\nreturn{A}})();\n'
            "export{$b_c,$a};"
        ),
        "later.js": 'import{$a}from"./first.js";const{A:E}=$a;import{f}from"./last.js";f(E);',
        "last.js": "export function f(){}",
    }


def test_modules_that_import_each_other_are_refused():
    sources = {"embed.js": 'import "./a.js";', "a.js": 'import "./b.js";', "b.js": 'import "./a.js";'}

    with pytest.raises(ValueError, match=r"embed.js imports a.js imports b.js imports a.js"):
        packing.pack(sources, "v1")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_packed_modules_are_javascript_and_name_each_other_rightly(tmp_path):
    sources = {path.name: path.read_text("utf-8") for path in (STATIC / "widget").glob("*.js")}
    for name, text in packing.pack(sources, "v1").items():
        (tmp_path / name).with_suffix(".mjs").write_text(text.replace('.js"', '.mjs"'), "utf-8")

    for path in tmp_path.iterdir():
        check = subprocess.run(["node", "--check", path], text=True, capture_output=True, check=False)
        assert check.returncode == 0, (path.name, check.stderr)
    # Linking finds an import that nothing exports; what runs then needs a browser, but not in these.
    words = subprocess.run(
        ["node", "--input-type=module", "-e", "globalThis.HTMLElement = class {}; await import('./first.mjs')"],
        cwd=tmp_path, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert words.returncode == 0, words.stderr

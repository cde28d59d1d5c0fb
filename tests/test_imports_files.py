"""Files that cannot be imported say in one line what they are, and leave no folder behind."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from imports_kit import bring
from kit import png
from safelight.cli import main

HAR = json.dumps({"log": {"entries": [{"request": {"url": "https://example.com/"}}]}}).encode()
TAPE = b"interactions:\n- request: {uri: https://example.com/}\n  response: {}\n"
AIMOCK = b'{"fixtures": [{"match": {}, "response": {"content": "x"}}]}'


def archived() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("har.har", HAR)
    return out.getvalue()


BAD: dict[str, tuple[str, str, Callable[[], bytes], str]] = {
    "empty": ("har", "a.har", lambda: b"", "no HAR: the file is empty"),
    "blank": ("vcr", "a.yaml", lambda: b" \n\n", "no cassette of vcrpy: the file is empty"),
    "cut": ("har", "a.har", lambda: HAR[:30], "; it looks cut off"),
    "cut text": ("aimock", "a.json", lambda: AIMOCK[:20], "; it looks cut off"),
    "cut gzip": ("har", "a.har.gz", lambda: gzip.compress(HAR)[:40], "compression is broken"),
    "zip": ("har", "a.har", archived, "it is a ZIP archive: unpack it, and name the folder"),
    "picture": ("vcr", "a.yaml", lambda: png(8, 8), "it is a picture"),
    "no text": ("vcr", "a.yaml", lambda: b"interactions: \xff", "no text in UTF-8 (byte 14)"),
    "deep": ("har", "a.har", lambda: b"[" * 200_000, "it nests too deeply"),
    "no entries": ("har", "a.har", lambda: b'{"log": {"entries": []}}', "a HAR without entries"),
    "no list": ("har", "a.har", lambda: b'{"log": {"entries": 1}}', "`log` has no list `entries`"),
    "no log": ("har", "a.har", lambda: b"[1]", "it has no `log`"),
    "no interactions": (
        "vcr", "a.yaml", lambda: b"interactions: []", "without interactions: nothing was recorded",
    ),
    "no fixtures": ("aimock", "a.json", lambda: b'{"fixtures": []}', "list `fixtures` is empty"),
    "old tape": ("vcr", "a.yaml", lambda: b"- request: {}\n", "before 1.0: let vcrpy migrate it"),
    "bad YAML": ("vcr", "a.yaml", lambda: b"a: [\nb: }", "at line 2, column"),
    "tape as HAR": ("har", "a.yaml", lambda: TAPE, "a cassette of vcrpy: import it as `vcr`"),
    "HAR as tape": ("vcr", "a.json", lambda: HAR, "it looks like a HAR: import it as `har`"),
    "aimock as tape": ("vcr", "a.json", lambda: AIMOCK, "aimock's fixtures: import it as `aimock`"),
    "a fixture": ("vcr", "a.yaml", lambda: b"match: {}\nreply: {text: x}\n", "a fixture already"),
    "bad Python": ("snapshots", "a.py", lambda: b"def (", "no test in Python"),
    "no snapshot": ("snapshots", "a.py", lambda: b"snapshot()\n", "without a body in `snapshot("),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_line_and_no_folder(case: str, tmp_path: Path) -> None:
    form, name, content, words = BAD[case]
    (tmp_path / name).write_bytes(content())
    done = bring(form, tmp_path / name, tmp_path / "out")
    assert done.exit_code == 2
    (line,) = done.output.splitlines()
    assert line.startswith(f"Error: {tmp_path / name}: ")
    assert words in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", BAD)
def test_in_a_folder_a_bad_file_is_told_among_the_others(case: str, tmp_path: Path) -> None:
    form, name, content, words = BAD[case]
    source = tmp_path / "source"
    source.mkdir()
    (source / name).write_bytes(content())
    (source / "readme.md").write_text("about these")
    (source / ".hidden.json").write_text("not meant")
    (source / "round").symlink_to(source)
    (source / "loop.har").symlink_to(source / "loop.har")
    done = bring(form, source, tmp_path / "out")
    if case == "tape as HAR":  # whose name is not one of a HAR: nothing else is there
        assert done.exit_code == 2
        assert "holds no HAR files (.har, .har.gz, .json)" in done.output
        return
    assert done.exit_code == 1
    assert words in done.output
    assert f"{name} (" in done.output
    assert "files of other kinds: readme.md" in done.output
    assert "hidden" not in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    args = ["fixtures", "import", "postman", str(tmp_path), "--out", "o", "--provider", "openai"]
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 2
    assert "'postman' is not one of 'vcr', 'har', 'aimock', 'snapshots'" in done.output


def test_what_an_import_made_in_its_own_source_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(AIMOCK)
    for _ in range(2):
        done = bring("aimock", tmp_path, tmp_path / "made")
        assert done.exit_code == 0, done.output
        assert done.output == f"1 fixture in {tmp_path / 'made'}\n"


def test_aliases_without_end_are_told_and_not_unfolded(tmp_path: Path) -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    head = "a0: &a0 [x]\n" + "\n".join(levels)
    (tmp_path / "a.yaml").write_text(
        f"{head}\ninteractions:\n- request:\n    method: POST\n"
        "    uri: https://api.openai.com/v1/chat/completions\n"
        "    headers: {x: *a11}\n    body: *a11\n"
        "  response: {status: {code: 200}, headers: *a11, body: {string: '{}'}}\n"
    )
    done = bring("vcr", tmp_path / "a.yaml", tmp_path / "out")
    assert done.exit_code == 1
    assert "requests whose body only vcrpy's own process could rebuild" in done.output

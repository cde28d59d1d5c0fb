"""Fixtures that are saved while a server runs: soon, whole, and however an editor saves."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import kit
import pytest
from conftest import DAY, LiveServer
from fixtures_kit import CHAT, IMAGES

Serve = Callable[..., LiveServer]
PATIENCE = 8.0
SOON = 2.0
"""Seconds: half a second, on a machine that does much else."""


def text(words: str) -> str:
    """Return a fixture of 8 kB, whose words come last: half of it is one that says less."""
    pad = "# a comment\n" * 700
    return f"{pad}match: {{operation: chat.create, prompt: hello}}\nreply:\n  text: {words}\n"


class Folder:
    """A folder with one fixture, and the ways in which editors and others write it."""

    def __init__(self, path: Path) -> None:
        self.path, self.file = path, path / "a.yaml"

    def in_place(self, words: str) -> None:
        self.file.write_text(text(words))

    def vim(self, words: str) -> None:
        backup = self.path / "a.yaml~"
        self.file.rename(backup)
        self.file.write_text(text(words))
        backup.unlink()

    def atomically(self, words: str) -> None:
        draft = self.path / ".a.yaml.tmp"
        draft.write_text(text(words))
        draft.replace(self.file)

    def deleted_and_written(self, words: str) -> None:
        self.file.unlink()
        self.file.write_text(text(words))

    def bit_by_bit(self, words: str) -> None:
        whole = text(words)
        with self.file.open("w") as out:
            for at in range(0, len(whole), 100):
                out.write(whole[at : at + 100])
                out.flush()
                time.sleep(0.004)

    def cut_within_the_words(self, words: str) -> None:
        whole = text(words)
        with self.file.open("w") as out:
            out.write(whole[:-4])
            out.flush()
            time.sleep(0.01)
            out.write(whole[-4:])

    def with_its_old_time(self, words: str) -> None:
        before = self.file.stat()
        self.file.write_text(text(words))
        os.utime(self.file, ns=(before.st_atime_ns, before.st_mtime_ns))

    def with_its_folder(self, words: str) -> None:
        shutil.rmtree(self.path)
        self.path.mkdir()
        self.file.write_text(text(words))

    def with_its_folder_in_exchange(self, words: str) -> None:
        fresh, old = self.path.with_name("fresh"), self.path.with_name("old")
        shutil.rmtree(old, ignore_errors=True)
        fresh.mkdir()
        (fresh / "a.yaml").write_text(text(words))
        self.path.rename(old)
        fresh.rename(self.path)


WAYS = [name for name in vars(Folder) if not name.startswith("_")]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    found = Folder(tmp_path / "canned")
    found.path.mkdir()
    found.in_place("word number 100")
    return found


@pytest.fixture
def said(serve: Serve, folder: Folder) -> Iterator[Callable[[], str]]:
    with httpx.Client(base_url=start(serve, folder.path)) as client:
        yield lambda: say(client)


def start(serve: Serve, *folders: Path) -> str:
    flags = [word for path in folders for word in ("--fixtures", str(path))]
    return serve("--as-of", DAY, *flags).origin


def say(client: httpx.Client, prompt: str = "hello") -> str:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": prompt}]}
    reply = client.post(CHAT, json=body, headers={"authorization": "Bearer sk-x"})
    return str(reply.json()["choices"][0]["message"]["content"])


def until(said: Callable[[], str], words: str) -> tuple[float, set[str]]:
    """Return how long it took until something was said, and all that was said meanwhile."""
    began, heard = time.monotonic(), set()
    while (last := said()) != words:
        heard.add(last)
        assert time.monotonic() - began < PATIENCE, f"never {words!r}; heard {heard}"
        time.sleep(0.005)
    return time.monotonic() - began, heard


@pytest.mark.parametrize("way", WAYS)
def test_whatever_way_a_file_is_saved_it_is_served_soon_and_whole(
    way: str, folder: Folder, said: Callable[[], str]
) -> None:
    assert said() == "word number 100"
    for number in range(101, 104):
        getattr(folder, way)(f"word number {number}")
        took, heard = until(said, f"word number {number}")
        assert took < SOON
        gone = {one for one in heard if one.startswith("You")}  # while there was no file
        assert heard - gone <= {f"word number {number - 1}"}
        assert not gone or "folder" in way or "deleted" in way or way == "vim"


def test_a_volume_of_links_is_swapped_as_kubernetes_does(serve: Serve, tmp_path: Path) -> None:
    home = tmp_path / "volume"
    home.mkdir()

    def put(number: int) -> None:
        data = home / f"..2026_{number}"
        data.mkdir()
        (data / "a.yaml").write_text(text(f"word {number}"))
        (home / "..data_tmp").symlink_to(data.name)
        (home / "..data_tmp").replace(home / "..data")
        shutil.rmtree(home / f"..2026_{number - 1}", ignore_errors=True)

    put(0)
    (home / "a.yaml").symlink_to("..data/a.yaml")
    (tmp_path / "link").symlink_to("volume")
    with httpx.Client(base_url=start(serve, tmp_path / "link")) as client:
        assert say(client) == "word 0"
        for number in range(1, 4):
            put(number)
            took, heard = until(lambda: say(client), f"word {number}")
            assert took < SOON
            assert heard <= {f"word {number - 1}"}


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("whole", [True, False], ids=["a folder", "a file"])
def test_what_a_link_leads_to_is_served_soon_too(
    serve: Serve, tmp_path: Path, *, whole: bool, early: bool
) -> None:
    far, home = tmp_path / "far", tmp_path / "home"
    home.mkdir()
    (far / "inner").mkdir(parents=True)
    target = far / "inner" / "a.yaml"
    target.write_text(text("word 0"))
    link = home / ("far" if whole else "a.yaml")

    def tie() -> None:
        link.symlink_to(far if whole else target)

    if early:
        tie()
    with httpx.Client(base_url=start(serve, home)) as client:
        if not early:
            tie()
        until(lambda: say(client), "word 0")
        for number in range(1, 5):
            if number % 2:
                target.write_text(text(f"word {number}"))
            else:
                (tmp_path / "draft").write_text(text(f"word {number}"))
                (tmp_path / "draft").replace(target)
            took, heard = until(lambda: say(client), f"word {number}")
            assert took < SOON
            assert heard <= {f"word {number - 1}"}
        if whole:
            (far / "b.yaml").write_text(text("more").replace("hello", "bye"))
            until(lambda: say(client, "bye"), "more")


def test_a_picture_that_is_a_link_is_followed(serve: Serve, tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "red.png"
    home.mkdir()
    target.write_bytes(kit.png(64, 64, color=(255, 0, 0)))
    (home / "red.png").symlink_to(target)
    (home / "a.yaml").write_text("match: {operation: images.generate}\nreply: {picture: red.png}\n")

    def corner(client: httpx.Client) -> str:
        body = {"model": "gpt-image-2", "prompt": "x", "size": "1024x1024"}
        reply = client.post(IMAGES, json=body, headers={"authorization": "Bearer sk-x"}).json()
        pixel = kit.opened(kit.base64.b64decode(reply["data"][0]["b64_json"])).getpixel((9, 9))
        return str(pixel)

    with httpx.Client(base_url=start(serve, home), timeout=20) as client:
        assert corner(client) == "(255, 0, 0)"
        target.write_bytes(kit.png(64, 64, color=(0, 0, 255)))
        took, _ = until(lambda: corner(client), "(0, 0, 255)")
        assert took < SOON


def test_among_a_thousand_files_one_is_served_as_soon(serve: Serve, folder: Folder) -> None:
    for number in range(1000):
        one = f"match: {{operation: chat.create, prompt: p{number}}}\nreply: {{text: t{number}}}\n"
        (folder.path / f"{number}.yaml").write_text(one)
    with httpx.Client(base_url=start(serve, folder.path), timeout=20) as client:
        assert (say(client, "p999"), say(client)) == ("t999", "word number 100")
        folder.in_place("word number 101")
        took, _ = until(lambda: say(client), "word number 101")
        assert took < SOON + 1

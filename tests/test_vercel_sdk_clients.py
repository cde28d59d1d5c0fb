"""The AI SDK itself against a running server: the user's own examples, and every kind of call.

Three generations of the packages, two of them early and late, on a Node that can run them.
"""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aisdk import likeness
from clients import node
from clients.node import Talk
from conftest import LiveServer
from kit import mask, opened, png
from PIL import Image

EXAMPLES = Path(__file__).parent / "clients" / "ai-sdk"
GENERATIONS = [*node.GENERATIONS]
WITH_IMAGES = [name for name in GENERATIONS if name != "ai5-early"]
RED = (220, 20, 20)


@pytest.fixture(params=GENERATIONS)
def sdk(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def prepared(folder: Path, sdk: str, script: str) -> Path:
    """Return a project that holds one of the scripts."""
    shutil.copy(EXAMPLES / script, node.project(folder, sdk))
    return folder


def saved(folder: Path) -> list[Image.Image]:
    """Return the pictures that a script has written, in order, decoded."""
    return [opened(path.read_bytes()) for path in sorted((folder / "output").iterdir())]


# The user's examples, as they stand


def test_the_text_example_saves_both_versions(
    tmp_path: Path, sdk: str, live_server: LiveServer
) -> None:
    folder = prepared(tmp_path, sdk, "generate-text.ts")
    said = node.run(folder, sdk, "generate-text.ts", origin=live_server.origin)
    first, second = saved(folder)
    assert (first.format, first.size) == ("PNG", (1024, 1024))
    assert first.tobytes() != second.tobytes()
    assert re.search(r'"inputTokens": \d+', said)
    assert '"originalModelId": "google/gemini-2.5-flash-image-preview"' in said


def test_the_stream_example_saves_its_picture(
    tmp_path: Path, sdk: str, live_server: LiveServer
) -> None:
    folder = prepared(tmp_path, sdk, "stream-text.ts")
    said = node.run(folder, sdk, "stream-text.ts", origin=live_server.origin)
    (picture,) = saved(folder)
    assert picture.format == "PNG"
    assert "pond tortoise" in said
    assert '"generationId": "gen_' in said


def test_the_chatbot_changes_its_picture(tmp_path: Path, sdk: str, live_server: LiveServer) -> None:
    folder = prepared(tmp_path, sdk, "chatbot.ts")
    talk = Talk("You: ", ("Draw a red fox in the snow", "Make it night", "Now add a moon"))
    said = node.converse(folder, sdk, "chatbot.ts", talk, origin=live_server.origin)
    first, second, third = saved(folder)
    assert said.count("💾 Saved image to output/chat-image-") == 3
    assert len({picture.tobytes() for picture in (first, second, third)}) == 3
    assert likeness(first, second) > 0.8
    assert likeness(second, third) > 0.8


@pytest.mark.parametrize("sdk", ["ai6", "ai7"])
@pytest.mark.parametrize("script", ["generate", "edit", "inpaint"])
def test_the_compatible_examples_end_with_a_picture(
    tmp_path: Path, sdk: str, script: str, live_server: LiveServer
) -> None:
    folder = prepared(tmp_path, sdk, f"compatible-{script}.ts")
    (folder / "input-image.png").write_bytes(png(640, 480, color=RED))
    (folder / "mask.png").write_bytes(mask(640, 480, (0, 0, 320, 480)))
    example = folder / f"compatible-{script}.ts"
    base = f"{live_server.origin}/compatible/v1"
    text = example.read_text().replace("https://api.provider.com/v1", base)
    example.write_text(text + "fs.writeFileSync('made.png', images[0].uint8Array);\n")
    if script == "generate":
        example.write_text("import fs from 'fs';\n" + example.read_text())
    node.run(folder, sdk, example.name, origin=live_server.origin, PROVIDER_API_KEY="sk-test")
    picture = opened((folder / "made.png").read_bytes())
    assert picture.size == (1024, 1024) if script == "generate" else min(picture.size) >= 480


def test_the_page_about_the_sdk_tells_the_truth(tmp_path: Path, live_server: LiveServer) -> None:
    page = (node.PRELOAD.parent / "README.md").read_text()
    (block,) = re.findall(r"```js\n(.*?)```", page, re.DOTALL)
    folder = node.project(tmp_path, "ai6")
    (folder / "page.mjs").write_text(block.replace("http://127.0.0.1:4010", live_server.origin))
    said = node.run(folder, "ai6", "page.mjs", origin=live_server.origin)
    assert "Draw a lighthouse at dusk" in said
    assert opened((folder / "lighthouse.png").read_bytes()).size == (1024, 1024)


# Every kind of call


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory, live_server: LiveServer) -> Any:
    """Return a function that gives what one call brought with one generation of the SDK."""
    brought: dict[str, Any] = {}

    def ask(sdk: str, call: str) -> Any:
        if sdk not in brought:
            folder = prepared(tmp_path_factory.mktemp(sdk), sdk, "drive.mjs")
            (folder / "red.png").write_bytes(png(1024, 1024, color=RED))
            (folder / "mask.png").write_bytes(mask(1024, 1024, (0, 0, 512, 1024)))
            brought[sdk] = node.drive(folder, sdk, "drive.mjs", origin=live_server.origin)
        return brought[sdk][call]

    return ask


def pictures(result: Any) -> list[Image.Image]:
    """Return the pictures of a call, decoded; the client's media type is that of the bytes."""
    found = [opened(base64.b64decode(data)) for _, data in result["images"]]
    kinds = [kind for kind, _ in result["images"]]
    assert kinds == [f"image/{picture.format.lower()}" for picture in found if picture.format]
    return found


def test_a_text_comes_with_usage_and_reason(drive: Any, sdk: str) -> None:
    whole, streamed = drive(sdk, "text"), drive(sdk, "stream")
    assert whole["text"] == streamed["text"] == "hello"
    assert whole["finishReason"] == streamed["finishReason"] == "stop"
    assert whole["usage"] == streamed["usage"]
    assert whole["usage"]["totalTokens"] > whole["usage"]["inputTokens"] > 0


def test_a_stream_holds_text_and_files(drive: Any, sdk: str) -> None:
    drawn = drive(sdk, "draw")
    assert drawn["kinds"][-2:] == ["finish-step", "finish"]
    assert drawn["kinds"].count("file") == 2
    assert [kind for kind, _ in drawn["files"]] == ["image/png"] * 2
    assert [opened(base64.b64decode(data)).size for _, data in drawn["files"]] == [(1024, 1024)] * 2


def test_a_shown_picture_is_seen(drive: Any, sdk: str) -> None:
    assert "1024 PNG" in drive(sdk, "see")["text"]
    assert "https://example.com/fox.png" in drive(sdk, "seeLink")["text"]


def test_a_tool_is_called_and_its_result_told(drive: Any, sdk: str) -> None:
    called = drive(sdk, "tool")
    assert (called["steps"], called["first"], called["input"]) == (
        2,
        "tool-calls",
        {"city": "Paris"},
    )
    assert "clear" in called["text"]
    assert drive(sdk, "toolStream")["finishReason"] == "tool-calls"
    assert "tool-result" in drive(sdk, "toolStream")["kinds"]


def test_an_object_has_its_keys(drive: Any, sdk: str) -> None:
    made = drive(sdk, "object")
    assert (set(made), type(made["age"])) == ({"name", "age"}, int)


def test_texts_are_embedded(drive: Any, sdk: str) -> None:
    embedded = drive(sdk, "embed")
    assert [len(vector) for vector in embedded["embeddings"]] == [1536, 1536]
    assert embedded["usage"]["tokens"] > 0


def test_the_list_of_models_is_taken(drive: Any, sdk: str) -> None:
    kinds = {model["modelType"] for model in drive(sdk, "models")["models"]}
    assert kinds == {"embedding", "image", "language"}


@pytest.mark.parametrize("sdk", ["ai5", "ai6", "ai7"])
def test_a_lacking_setting_reaches_the_user_as_a_warning(drive: Any, sdk: str) -> None:
    (warning,) = drive(sdk, "warn")["warnings"]
    assert "topK" in warning.values()


@pytest.mark.parametrize("sdk", WITH_IMAGES)
def test_pictures_have_the_size_and_format_asked_for(drive: Any, sdk: str) -> None:
    made = pictures(drive(sdk, "image"))
    assert [(picture.format, picture.size) for picture in made] == [("JPEG", (512, 768))] * 2
    assert made[0].tobytes() != made[1].tobytes()
    (wide,) = pictures(drive(sdk, "ratio"))
    assert wide.width / wide.height == pytest.approx(16 / 9, rel=0.03)


@pytest.mark.parametrize("sdk", WITH_IMAGES)
def test_image_replies_carry_metadata_warnings_and_usage(drive: Any, sdk: str) -> None:
    made = drive(sdk, "image")
    assert len(made["metadata"]["blackForestLabs"]["images"]) == 2
    assert made["metadata"]["gateway"]["routing"]["finalProvider"] == "bfl"
    assert [w["type"] for w in drive(sdk, "imageWarning")["warnings"]] == [
        "unsupported" if sdk.startswith("ai7") else "other"
    ]


@pytest.mark.parametrize("sdk", ["ai6", "ai6-early", "ai7", "ai7-early"])
def test_an_edit_changes_only_what_the_mask_opens(drive: Any, sdk: str) -> None:
    (picture,) = pictures(drive(sdk, "edit"))
    kept = picture.convert("RGB").crop((520, 0, 1024, 1024)).getcolors()
    assert kept == [(504 * 1024, RED)]


def test_ai_5_is_told_that_it_cannot_edit(drive: Any) -> None:
    failed = drive("ai5", "edit")["error"]
    assert (failed["kind"], failed["statusCode"]) == ("GatewayInvalidRequestError", 400)


@pytest.mark.parametrize("sdk", ["ai5", "ai6", "ai7"])
def test_the_account_is_asked_from_the_origin(drive: Any, sdk: str) -> None:
    credit, generation = drive(sdk, "credits"), drive(sdk, "generation")
    assert float(credit["balance"]) + float(credit["totalUsed"]) == pytest.approx(100)
    assert (generation["model"], generation["finishReason"]) == ("openai/gpt-4.1-nano", "stop")
    (day,) = drive(sdk, "report")["results"]
    assert day["totalCost"] >= generation["totalCost"] > 0


ERRORS = {
    "unknownModelStream": ("GatewayModelNotFoundError", 404),
    "badKey": ("GatewayAuthenticationError", 401),
    "invalid": ("GatewayInvalidRequestError", 400),
    "rateLimited": ("GatewayRateLimitError", 429),
    "serverError": ("GatewayInternalServerError", 500),
    "noFunds": ("GatewayInternalServerError", 402),
    "forbidden": ("GatewayForbiddenError", 403),
}


@pytest.mark.parametrize("call", ERRORS)
def test_every_error_is_one_that_the_client_knows(drive: Any, sdk: str, call: str) -> None:
    failed = drive(sdk, call)["error"]
    kind, status = ERRORS[call]
    if call == "forbidden" and sdk in {"ai5-early", "ai6-early"}:
        kind = "GatewayInternalServerError"  # its own class came later
    assert (failed["kind"], failed["statusCode"]) == (kind, status)


def test_an_unknown_model_is_named(drive: Any, sdk: str) -> None:
    assert drive(sdk, "unknownModelStream")["error"]["modelId"] == "no/such"


def test_a_page_of_the_edge_is_no_answer(drive: Any, sdk: str) -> None:
    failed = drive(sdk, "html")["error"]
    assert (failed["kind"], failed["statusCode"]) == ("GatewayResponseError", 502)


# Where there is no Node


@pytest.fixture
def no_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setattr(node.shutil, "which", lambda _: None)
    monkeypatch.setattr(node, "MODULES", tmp_path)
    node.node.cache_clear()
    node.installed.cache_clear()
    yield monkeypatch
    node.node.cache_clear()
    node.installed.cache_clear()


def test_without_node_a_test_is_left_out_with_one_line(no_node: pytest.MonkeyPatch) -> None:
    no_node.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not proven: no npm on this machine"):
        node.node()


def test_without_node_ci_fails(no_node: pytest.MonkeyPatch) -> None:
    no_node.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no npm on this machine"):
        node.node(22)

"""Eden AI: pictures, the lists of models and features, regions and costs (facts edenai.md)."""

from __future__ import annotations

import base64
from typing import Any

import kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safelight.core import Emulator
from safelight.messages import Reply, Request
from safelight.provider import load_provider
from safelight.schemas import load

BASE, EU = "/edenai/v3", "/edenai-eu/v3"
GEMINI, GPT, HOSTED = (
    "google/gemini-2.5-flash-image",
    "openai/gpt-image-1",
    "stabilityai/sd3.5-large",
)
CATALOG = load_provider("edenai").catalog
PICTURES = [model.id for model in CATALOG.models if model.kind == "image"]
SMALL = kit.png(96, 64, color=(20, 120, 200))
DATA_URL = "data:image/png;base64," + base64.b64encode(SMALL).decode()


def generate(emu: Emulator | None = None, base: str = BASE, **fields: Any) -> Reply:
    ask = {"model": GEMINI, "prompt": "A nano banana dish", **fields}
    return kit.post(emu or kit.emulator(), f"{base}/images/generations", ask)


def edit(*images: Any, emu: Emulator | None = None, **fields: Any) -> Reply:
    ask = {"model": GEMINI, "prompt": "Add a small red hat", "images": list(images), **fields}
    return kit.post(emu or kit.emulator(), f"{BASE}/images/edits", ask)


def listed(path: str, base: str = BASE, query: str = "") -> list[dict[str, Any]]:
    """Return a list's rows; nobody needs a key for them."""
    reply = kit.emulator().respond(Request("GET", base + path, query=query))
    assert reply.status == 200
    rows: list[dict[str, Any]] = kit.parsed(reply)["data"]
    return rows


@pytest.mark.parametrize("model", PICTURES)
def test_every_image_model_draws_as_it_should_be_told(model: str) -> None:
    told = kit.parsed(generate(model=model, response_format="b64_json", size="1024x1024", n=2))
    assert load("edenai", "images.reply").check(told) is None
    pictures = [kit.opened(base64.b64decode(item["b64_json"])) for item in told["data"]]
    assert [picture.size for picture in pictures] == [(1024, 1024)] * 2
    assert told["provider"] == model.partition("/")[0]
    assert told["cost"] > 0


def test_the_guides_request_gets_the_guides_shape() -> None:
    told = kit.parsed(generate(size="1024x1024", n=1))
    assert list(told["data"][0]) == ["b64_json", "url", "revised_prompt"]
    assert (told["data"][0]["url"], told["data"][0]["revised_prompt"]) == (None, None)
    assert told["provider"] == "google"
    assert "edenai_metadata" not in told


def test_a_picture_has_some_weight() -> None:
    told = kit.parsed(generate(size="1024x1024"))
    assert len(base64.b64decode(told["data"][0]["b64_json"])) > 10_000


def test_the_cost_follows_from_the_tokens_of_the_guides_reply() -> None:
    told = kit.parsed(generate(model=GPT, quality="low", size="1024x1024"))
    spent = told["usage"]
    assert spent["output_tokens"] == 272
    exact = (spent["input_tokens"] * 5 + spent["output_tokens"] * 40) / 1_000_000
    assert told["cost"] == pytest.approx(exact, abs=1e-12)


def test_a_price_by_the_picture_is_paid_for_each() -> None:
    assert kit.parsed(generate(n=3))["cost"] == pytest.approx(0.117)


@pytest.mark.parametrize("extra", [{"stream": True, "partial_images": 2}, {"foo": 1}])
def test_unknown_keys_and_streaming_change_nothing(extra: dict[str, Any]) -> None:
    reply = generate(size="64x64", **extra)
    assert reply.chunks is None
    assert kit.parsed(reply)["data"] == kit.parsed(generate(size="64x64"))["data"]


@pytest.mark.parametrize("fallbacks", [["openai/gpt-image-1"], "nonsense", [1, None]])
def test_fallbacks_of_pictures_are_handed_on_and_ignored(fallbacks: Any) -> None:
    assert generate(size="64x64", fallbacks=fallbacks).status == 200


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "output_format", "output_compression", "background", "seed", "style", "moderation",
                "complexity", "svg", "frame_count", "input_fidelity", "image", "images", "mask",
                "stream", "partial_images", "safety_identifier", "user_data",
            ]
        ),
        st.none() | st.booleans() | st.integers() | st.text()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.lists(st.integers(), max_size=2) | st.dictionaries(st.text(), st.text(), max_size=2),
        max_size=4,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_unknown_key_is_refused_whatever_it_says(extra: dict[str, Any]) -> None:
    assert generate(size="64x64", **extra).status == 200


def test_nulls_are_legal_for_every_optional_field() -> None:
    names = ("n", "size", "quality", "response_format", "user", "metadata", "extra_headers")
    assert generate(**dict.fromkeys(names)).status == 200


def test_what_the_provider_knows_changes_the_picture() -> None:
    told = kit.parsed(generate(model=GPT, output_format="jpeg", size="1536x1024"))
    assert told["output_format"] == "jpeg"
    picture = kit.opened(base64.b64decode(told["data"][0]["b64_json"]))
    assert (picture.format, picture.size) == ("JPEG", (1536, 1024))


def test_ratio_strings_give_pictures_of_that_shape() -> None:
    wide = kit.picture(generate(model="google/imagen-4.0-generate-001", size="16:9"))
    assert wide.width / wide.height == pytest.approx(16 / 9, rel=0.05)


def test_other_providers_host_their_pictures_until_they_expire() -> None:
    clock = kit.Clock()
    emu = kit.emulator(clock)
    item = kit.parsed(generate(emu, model=HOSTED, size="320x200"))["data"][0]
    assert item["b64_json"] is None
    path = item["url"].removeprefix("http://127.0.0.1:4010").partition("?")[0]
    assert kit.opened(kit.get(emu, path).body).size == (320, 200)
    clock.now += 10_000
    assert kit.get(emu, path).status == 403


def test_inline_providers_stay_inline_when_a_url_is_asked_for() -> None:
    assert kit.parsed(generate(response_format="url"))["data"][0]["b64_json"]


# Edits


def test_a_link_is_edited_without_the_network() -> None:
    emu = kit.emulator()
    first = edit({"image_url": "https://example.com/photo.png"}, emu=emu, size="1024x1024")
    assert load("edenai", "images.reply").check(kit.parsed(first)) is None
    assert kit.picture(first).size == (1024, 1024)
    again = edit({"image_url": "https://example.com/photo.png"}, size="1024x1024")
    other = edit({"image_url": "https://example.com/other.png"}, size="1024x1024")
    assert kit.picture(first).tobytes() == kit.picture(again).tobytes()
    assert kit.picture(first).tobytes() != kit.picture(other).tobytes()


@pytest.mark.parametrize("model", PICTURES)
def test_every_image_model_edits_a_data_url(model: str) -> None:
    assert edit({"image_url": DATA_URL, "file_id": None}, model=model).status == 200


def test_openai_models_refuse_remote_urls_and_gemini_takes_them() -> None:
    remote = {"image_url": "https://example.com/photo.png"}
    for model in (GPT, "openai/gpt-image-1-mini", "openai/gpt-image-2"):
        assert edit(remote, model=model).status == 400
        assert edit({"image_url": DATA_URL}, model=model, mask=remote).status == 400
    assert edit(remote).status == 200


def test_only_the_masked_area_changes() -> None:
    mask = kit.mask(96, 64, (0, 0, 48, 64))
    hole = {"image_url": "data:image/png;base64," + base64.b64encode(mask).decode()}
    made = kit.picture(edit({"image_url": DATA_URL}, mask=hole, size="96x64")).convert("RGB")
    assert made.crop((56, 4, 92, 60)).getcolors() == [(36 * 56, (20, 120, 200))]
    assert len(made.crop((0, 0, 48, 64)).getcolors(4000) or range(4000)) > 10


@pytest.mark.parametrize(
    "files",
    [
        [("image", "a.png")],
        [("image[]", "a.png")],
        [("image[]", "a.png"), ("image[]", "b.png")],
        [("image[]", "a.png"), ("mask", "m.png")],
    ],
)
def test_forms_take_one_file_or_several_by_both_names(files: list[tuple[str, str]]) -> None:
    hole = kit.mask(96, 64, (0, 0, 48, 64))
    parts = [(n, (f, hole if n == "mask" else SMALL, "image/png")) for n, f in files]
    texts = [("model", GPT), ("prompt", "a hat"), ("n", "2"), ("size", "1024x1024")]
    reply = kit.form(kit.emulator(), f"{BASE}/images/edits", [*texts, *parts])
    assert reply.status == 200
    assert len(kit.parsed(reply)["data"]) == 2


# Lists


def test_the_lists_show_image_models_and_need_no_key() -> None:
    for query in ("", "foo=bar"):
        rows = listed("/models", query=query)
        assert load("edenai", "models.list.reply").check({"object": "list", "data": rows}) is None
        assert set(PICTURES) < {row["id"] for row in rows}
    assert {row["id"] for row in listed("/images/models")} == set(PICTURES)


def test_the_guides_row_has_the_guides_prices() -> None:
    row = next(r for r in listed("/models") if r["id"] == "google/gemini-flash-latest")
    assert row["model_name"] == "gemini-3.6-flash"
    assert row["alias_of"] == "google/gemini-3.6-flash"
    assert row["pricing"]["input_cost_per_token"] == 1.5e-06
    assert row["pricing"]["cache_read_input_token_cost"] == 1.5e-07
    assert row["regions"] == [{"code": "eu", "name": "Europe"}]


@pytest.mark.parametrize("path", ["/models", "/images/models"])
def test_the_grouped_view_nests_the_same_rows(path: str) -> None:
    groups = listed(path, query="view=models")
    whole = {"object": "list", "data": groups}
    assert load("edenai", "models.grouped.reply").check(whole) is None
    nested = [row["id"] for group in groups for row in group["endpoints"]]
    assert sorted(nested) == sorted(row["id"] for row in listed(path, query="view=endpoints"))
    assert all(group["endpoint_count"] == len(group["endpoints"]) for group in groups)


def test_a_name_that_two_providers_sell_is_one_group() -> None:
    group = next(g for g in listed("/models", query="view=models") if g["id"] == "gpt-5.6-sol")
    assert {row["owned_by"] for row in group["endpoints"]} == {"openai", "azure"}
    assert group["owned_by"] == "openai"


@pytest.mark.parametrize(
    ("path", "key"),
    [("", "features"), ("/image", "subfeatures"), ("/text/moderation", "output_schema")],
)
def test_the_feature_lists_are_public(path: str, key: str) -> None:
    reply = kit.emulator().respond(Request("GET", f"{BASE}/info{path}"))
    assert reply.status == 200
    assert kit.parsed(reply)[key]


# Regions


def test_the_eu_host_lists_and_serves_only_what_is_in_the_eu() -> None:
    rows = listed("/models", EU)
    assert rows
    assert all("eu" in [region["code"] for region in row["regions"]] for row in rows)
    assert {row["id"] for row in rows} < {row["id"] for row in listed("/models")}
    here = [row["id"] for row in listed("/images/models", EU)]
    for model in PICTURES:
        reply = generate(base=EU, model=model, size="1024x1024")
        assert reply.status == (200 if model in here else 451), model


def test_a_region_goes_before_validation_and_names_the_model() -> None:
    reply = generate(base=EU, model="openai/gpt-image-1", prompt="", n=99)
    assert reply.status == 451
    assert kit.error(reply) == {
        "message": "Provider(s)/model(s) openai/gpt-image-1 are not available on the EU endpoint.",
        "type": "request_forbidden",
        "param": None,
        "code": "region_not_allowed",
    }


def test_a_session_has_the_region_of_its_base() -> None:
    assert generate(base="/s/x" + EU, model=GPT).status == 451
    assert generate(base="/s/x" + BASE, model=GPT).status == 200


def test_the_hosts_name_tells_the_region_too() -> None:
    emu = kit.emulator(provider="edenai")
    answers = {}
    for host in ("api.edenai.run", "api.eu.edenai.run:443"):
        ask = Request("GET", "/v3/models", headers=(("host", host),))
        answers[host] = len(kit.parsed(emu.respond(ask))["data"])
    assert answers["api.eu.edenai.run:443"] < answers["api.edenai.run"]


# Sandbox


def sandboxed(body: dict[str, Any], path: str) -> Any:
    key = ("authorization", "Bearer my-sandbox-token")
    data = kit.json.dumps(body).encode()
    headers = (key, ("content-type", "application/json"))
    return kit.parsed(
        kit.emulator().respond(Request("POST", BASE + path, headers=headers, body=data))
    )


def test_a_sandbox_token_gets_canned_data_of_the_real_shape() -> None:
    cats = sandboxed({"model": GEMINI, "prompt": "cats"}, "/images/generations")
    dogs = sandboxed({"model": GEMINI, "prompt": "dogs"}, "/images/generations")
    assert cats["data"] == dogs["data"]
    assert load("edenai", "images.reply").check(cats) is None
    talks = [
        sandboxed(
            {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": text}]},
            "/chat/completions",
        )
        for text in ("cats", "dogs")
    ]
    assert talks[0]["choices"] == talks[1]["choices"]
    assert load("edenai", "chat.create.reply").check(talks[0]) is None

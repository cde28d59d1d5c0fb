"""Vercel AI Gateway's Images API: options of providers, edits in both encodings, answers."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops
from safelight.core import Emulator
from safelight.messages import Reply
from safelight.provider import load_provider
from safelight.schemas import load

BASE = "/vercel/v1"
FLUX, IMAGEN = "bfl/flux-2-pro", "google/imagen-4.0-generate-001"
GPT, GEMINI = "openai/gpt-image-2", "google/gemini-3-pro-image"
PHOTO = kit.png(300, 200, color=(20, 120, 200))
URL = "data:image/png;base64," + base64.b64encode(PHOTO).decode()


def generate(model: str, emu: Emulator | None = None, **body: Any) -> Reply:
    """Ask for a picture; `options` are the model's provider's, under its key."""
    asked = {"model": model, "prompt": "A lighthouse", **body}
    return kit.post(emu or kit.emulator(), f"{BASE}/images/generations", asked)


def with_options(model: str, key: str, options: Any, **body: Any) -> Image.Image:
    reply = generate(model, providerOptions={key: options}, **body)
    assert reply.status == 200, reply.body
    return kit.picture(reply)


def edit(model: str, **body: Any) -> Reply:
    asked = {"model": model, "prompt": "Make it stormy", **body}
    return kit.post(kit.emulator(), f"{BASE}/images/edits", asked)


# What comes back


def test_base64_comes_without_being_asked_for() -> None:
    plain, told = generate(FLUX), generate(FLUX, response_format="b64_json")
    found = kit.parsed(plain)
    assert load("vercel", "images.reply").check(found) is None
    assert list(found["data"][0]) == ["b64_json"]
    assert found["data"] == kit.parsed(told)["data"]


def test_as_many_pictures_come_as_asked_for() -> None:
    reply = generate(IMAGEN, n=3)
    data = [item["b64_json"] for item in kit.parsed(reply)["data"]]
    assert len(set(data)) == 3


def test_streams_are_not_spoken_here() -> None:
    reply = generate(GPT, stream=True, partial_images=2)
    assert reply.chunks is None
    assert len(kit.parsed(reply)["data"]) == 1


def test_both_spellings_tell_routing_and_cost() -> None:
    found = kit.parsed(generate("bfl/flux-kontext-pro", n=2))
    told = found["provider_metadata"]
    assert found["providerMetadata"] == told
    assert told["gateway"]["routing"]["finalProvider"] == "bfl"
    model = load_provider("vercel").catalog.known("bfl/flux-kontext-pro")
    assert model is not None
    assert Decimal(told["gateway"]["cost"]) == 2 * Decimal(str(model.prices["image"]))


def test_the_providers_own_part_has_an_entry_for_each_picture() -> None:
    (first, second) = kit.parsed(generate(FLUX, n=2))["provider_metadata"]["blackForestLabs"][
        "images"
    ]
    assert first["seed"] != second["seed"]
    assert first["outputMegapixels"] == 1.05
    assert set(first) == {
        *("seed", "start_time", "end_time", "duration", "cost", "inputMegapixels"),
        "outputMegapixels",
    }


def test_an_order_of_providers_is_kept() -> None:
    gateway = {"order": ["azure"], "only": ["azure", "openai"]}
    told = kit.parsed(generate(GPT, providerOptions={"gateway": gateway}))["provider_metadata"]
    routing = told["gateway"]["routing"]
    assert routing["finalProvider"] == "azure"
    assert routing["fallbacksAvailable"] == ["openai"]


# Options that change the picture


def test_black_forest_labs_makes_real_jpegs() -> None:
    made = with_options(FLUX, "blackForestLabs", {"outputFormat": "jpeg", "safetyTolerance": 2})
    assert made.format == "JPEG"


def test_width_and_height_win_over_size() -> None:
    made = with_options(FLUX, "blackForestLabs", {"width": 640, "height": 384}, size="512x512")
    assert made.size == (640, 384)


@pytest.mark.parametrize("edge", [255, 1921])
def test_edges_beyond_the_documented_ones_are_refused(edge: int) -> None:
    reply = generate(FLUX, providerOptions={"blackForestLabs": {"width": edge, "height": 512}})
    assert (reply.status, kit.error(reply)["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("model", "key"),
    [(IMAGEN, "googleVertex"), (IMAGEN, "vertex"), ("spacexai/grok-imagine-image", "xai")],
)
def test_an_aspect_ratio_shapes_the_picture(model: str, key: str) -> None:
    wide = with_options(model, key, {"aspectRatio": "16:9"})
    tall = with_options(model, key, {"aspectRatio": "9:16"})
    assert abs(wide.width / wide.height - 16 / 9) < 0.02
    assert tall.size == wide.size[::-1]


def test_googles_image_config_sets_shape_and_resolution() -> None:
    options = {"imageConfig": {"aspectRatio": "1:1", "imageSize": "2K"}}
    assert with_options(GEMINI, "google", options).size == (2048, 2048)


def test_openais_options_set_format_ground_and_compression() -> None:
    clear = with_options(GPT, "openai", {"background": "transparent", "outputFormat": "webp"})
    assert (clear.format, clear.mode) == ("WEBP", "RGBA")

    def size(compression: int) -> int:
        options = {"outputFormat": "jpeg", "outputCompression": compression}
        reply = generate(GPT, providerOptions={"openai": options})
        return len(kit.parsed(reply)["data"][0]["b64_json"])

    assert size(10) < size(90)


def test_openais_quality_costs_and_shows() -> None:
    low, high = (
        kit.parsed(generate("openai/gpt-image-1.5", providerOptions={"openai": {"quality": q}}))
        for q in ("low", "high")
    )
    costs = [Decimal(told["provider_metadata"]["gateway"]["cost"]) for told in (low, high)]
    assert costs[0] < costs[1]
    assert low["data"] != high["data"]


def test_an_image_prompt_is_what_the_picture_starts_from() -> None:
    prompt = {"imagePrompt": base64.b64encode(PHOTO).decode()}
    made = with_options(FLUX, "blackForestLabs", prompt)
    plain = kit.picture(generate(FLUX))
    assert made.size == (300, 200)
    assert made.size != plain.size


def test_options_of_other_providers_change_nothing() -> None:
    plain = generate(FLUX)
    other = generate(FLUX, providerOptions={"openai": {"outputFormat": "jpeg", "quality": "low"}})
    assert kit.parsed(other)["data"] == kit.parsed(plain)["data"]


def test_a_seed_of_the_provider_changes_the_picture() -> None:
    first = with_options(FLUX, "blackForestLabs", {"seed": 1})
    second = with_options(FLUX, "blackForestLabs", {"seed": 2})
    assert ImageChops.difference(first.convert("RGB"), second.convert("RGB")).getbbox()


def test_grok_takes_no_size() -> None:
    sized, plain = (generate("spacexai/grok-imagine-image", **b) for b in ({"size": "512x512"}, {}))
    assert kit.parsed(sized)["data"] == kit.parsed(plain)["data"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(["blackForestLabs", "openai", "google", "xai", "gateway", "acme"])
NAMES = st.sampled_from(
    ["outputFormat", "aspectRatio", "quality", "seed", "imageConfig", "steps", "order", "byok"]
)
EMULATOR = kit.emulator()


@given(st.dictionaries(KEYS, st.none() | st.dictionaries(NAMES, JSON, max_size=3), max_size=3))
@settings(max_examples=60, deadline=None)
def test_any_option_is_accepted(options: Any) -> None:
    reply = generate(FLUX, EMULATOR, size="64x64", providerOptions=options)
    assert reply.status == 200, reply.body
    json.loads(reply.body)


# Edits


def test_an_edit_in_json_keeps_the_shape_of_its_input() -> None:
    reply = edit("bfl/flux-kontext-pro", images=[{"image_url": URL}])
    assert load("vercel", "images.reply").check(kit.parsed(reply)) is None
    assert kit.picture(reply).size == (300, 200)


def test_an_edit_as_a_form_and_in_json_give_the_same_picture() -> None:
    fields = [("model", GEMINI), ("prompt", "Make it stormy"), ("image", ("blob", PHOTO, None))]
    formed = kit.form(kit.emulator(), f"{BASE}/images/edits", fields)
    told = edit(GEMINI, images=[{"image_url": URL}])
    assert kit.parsed(formed)["data"] == kit.parsed(told)["data"]


def test_a_form_carries_nested_options_and_many_images() -> None:
    fields: list[Any] = [
        ("model", FLUX),
        ("prompt", "Make it stormy"),
        ("n", "2"),
        ("providerOptions[blackForestLabs][outputFormat]", "jpeg"),
        ("providerOptions[blackForestLabs][width]", "512"),
        *[("image[]", (f"{i}.png", PHOTO, "image/png")) for i in range(16)],
    ]
    reply = kit.form(kit.emulator(), f"{BASE}/images/edits", fields)
    assert len(kit.parsed(reply)["data"]) == 2
    assert (kit.picture(reply).format, kit.picture(reply).size) == ("JPEG", (512, 512))


def test_a_mask_keeps_what_is_opaque() -> None:
    mask = (
        "data:image/png;base64," + base64.b64encode(kit.mask(300, 200, (0, 0, 150, 200))).decode()
    )
    reply = edit(GPT, images=[{"image_url": URL}], mask={"image_url": mask}, size="300x200")
    made, before = kit.picture(reply).convert("RGB"), kit.opened(PHOTO)
    kept, gone = (150, 0, 300, 200), (0, 0, 150, 200)
    assert ImageChops.difference(made.crop(kept), before.crop(kept)).getbbox() is None
    assert ImageChops.difference(made.crop(gone), before.crop(gone)).getbbox() is not None


def test_a_model_without_masks_edits_everything_and_says_so() -> None:
    mask = "data:image/png;base64," + base64.b64encode(kit.mask(300, 200, (0, 0, 9, 9))).decode()
    told = kit.parsed(edit(GEMINI, images=[{"image_url": URL}], mask={"image_url": mask}))
    plain = kit.parsed(edit(GEMINI, images=[{"image_url": URL}]))
    assert told["data"] == plain["data"]
    assert "mask" in told["warnings"][0]["message"]
    assert "warnings" not in plain


def test_a_link_elsewhere_gets_a_stand_in() -> None:
    link = [{"image_url": "https://example.com/photo.png"}]
    first, second = edit(GEMINI, images=link), edit(GEMINI, images=link)
    assert kit.picture(first).size == kit.picture(second).size
    assert first.status == 200
    assert kit.parsed(first)["data"] == kit.parsed(second)["data"]


def test_an_edit_of_a_huge_picture_keeps_its_shape_at_a_bounded_size() -> None:
    wide = "data:image/png;base64," + base64.b64encode(kit.png(3000, 1000)).decode()
    assert kit.picture(edit(GEMINI, images=[{"image_url": wide}])).size == (2048, 683)


def test_a_picture_larger_than_anything_here_draws_is_refused() -> None:
    reply = generate(GPT, size="99999x99999")
    assert (reply.status, kit.error(reply)["param"]) == (400, "size")

"""Together's own client against a server, call by call; prints what came of it as JSON."""

import asyncio
import base64
import json
import sys
from pathlib import Path

from together import APIStatusError, AsyncTogether, Together

FLUX = "black-forest-labs/FLUX.1-schnell"
KONTEXT = "black-forest-labs/FLUX.1-kontext-pro"
LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
HELLO = [{"role": "user", "content": "Reply with exactly: Hello!"}]
options = {"base_url": sys.argv[1], "api_key": "sk-test", "_strict_response_validation": True}
client = Together(**options)
out = {}


def refused(**fields: object) -> object:
    try:
        client.images.generate(**{"model": FLUX, "prompt": "A lighthouse", **fields})
    except APIStatusError as error:
        return [type(error).__name__, error.body["error"], error.body["id"]]
    return None


made = client.images.generate(
    model=FLUX,
    prompt="A lighthouse",
    response_format="base64",
    output_format="png",
    width=512,
    height=256,
    steps=4,
    n=2,
    seed=7,
    negative_prompt="clouds",
    guidance_scale=4.5,
    disable_safety_checker=True,
)
out["made"] = [item.b64_json for item in made.data]
linked = client.images.generate(model="black-forest-labs/FLUX.1-dev", prompt="A lighthouse")
out["url"] = linked.data[0].url
edit = client.images.generate(
    model=KONTEXT,
    prompt="At night",
    image_url="data:image/png;base64," + base64.b64encode(Path("red.png").read_bytes()).decode(),
    response_format="base64",
)
out["edit"] = edit.data[0].b64_json
styled = client.images.generate(
    model="black-forest-labs/FLUX.1-dev-lora",
    prompt="A lighthouse",
    image_loras=[
        {"path": "https://huggingface.co/strangerzonehf/Flux-Midjourney-Mix2-LoRA", "scale": 1}
    ],
    response_format="base64",
)
out["styled"] = styled.data[0].b64_json
mixed = client.images.generate(
    model="black-forest-labs/FLUX.2-pro",
    prompt="A lighthouse",
    reference_images=["https://example.com/a.png", "https://example.com/b.png"],
    response_format="base64",
)
out["mixed"] = mixed.data[0].b64_json
out["refused"] = refused(image_url="https://example.com/a.png")
out["unknown"] = refused(model="nobody/nothing")
out["key"] = None
try:
    Together(**{**options, "api_key": "sk-invalid"}).chat.completions.create(
        model=LLAMA, messages=HELLO
    )
except APIStatusError as error:
    out["key"] = [type(error).__name__, error.body["error"]["code"]]

answer = client.chat.completions.create(model=LLAMA, messages=HELLO, logprobs=1, echo=True)
out["answer"] = [answer.choices[0].message.content, answer.prompt[0].text]
stream = client.chat.completions.create(model=LLAMA, messages=HELLO, stream=True)
out["stream"] = [chunk.choices[0].delta.content for chunk in stream]
link = "data:image/png;base64," + base64.b64encode(Path("red.png").read_bytes()).decode()
shown = [
    {"type": "text", "text": "What is this?"},
    {"type": "image_url", "image_url": {"url": link}},
]
stream = client.chat.completions.create(
    model="moonshotai/Kimi-K2.5", messages=[{"role": "user", "content": shown}], stream=True
)
out["seen"] = [chunk.choices[0].delta.content for chunk in stream]
out["supported"] = [model.name for model in client.models.list_supported(limit=5)]
own = client.models.create(project_id="darkroom", name="mine", type="model", base_model_id="base")
out["own"] = [model.id == own.id for model in client.models.list(project_id="darkroom")]


async def at_once() -> list[str]:
    async with AsyncTogether(**options) as aclient:
        asked = (
            aclient.images.generate(
                model=FLUX, prompt=f"Lamp {i}", width=256, height=256, response_format="base64"
            )
            for i in range(4)
        )
        return [reply.data[0].b64_json for reply in await asyncio.gather(*asked)]


out["at_once"] = asyncio.run(at_once())
sys.stdout.write(json.dumps(out))

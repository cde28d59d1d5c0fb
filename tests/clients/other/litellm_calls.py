"""LiteLLM against a server, call by call; prints what came of it as JSON."""

import asyncio
import json
import os
import sys
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm

ORIGIN = sys.argv[1]
OPENAI = {"api_base": f"{ORIGIN}/openai/v1", "api_key": "sk-test"}
ANY = {"api_base": f"{ORIGIN}/compatible/v1", "api_key": "sk-test"}
TOGETHER = {"api_base": f"{ORIGIN}/together/v1", "api_key": "sk-test"}
LLAMA = "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo"
HELLO = [{"role": "user", "content": "Reply with exactly: Hello!"}]
litellm.disable_hf_tokenizer_download = True  # counting a stream would fetch a tokenizer
out = {}

made = litellm.image_generation(
    model="openai/gpt-image-2", prompt="A lighthouse", size="1024x1024", n=2, **OPENAI
)
out["made"] = [item.b64_json for item in made.data]
out["usage"] = made.usage.total_tokens
free = litellm.image_generation(
    model="openai/acme/any-model", prompt="A lighthouse", size="640x480", **ANY
)
out["free"] = free.data[0].b64_json
edit = litellm.image_edit(
    model="openai/gpt-image-2", image=Path("red.png").read_bytes(), prompt="At night", **OPENAI
)
out["edit"] = edit.data[0].b64_json
masked = litellm.image_edit(
    model="openai/acme/any-model",
    image=Path("red.png").read_bytes(),
    mask=Path("mask.png").read_bytes(),
    prompt="A pool",
    size="512x512",
    **ANY,
)
out["masked"] = masked.data[0].b64_json
flux = litellm.image_generation(
    model="openai/black-forest-labs/FLUX.1-dev",
    prompt="A lighthouse",
    extra_body={"width": 512, "height": 256, "response_format": "base64"},
    **TOGETHER,
)
out["flux"] = flux.data[0].b64_json
try:
    litellm.image_generation(model="openai/gpt-image-2", prompt="x", size="17x17", **OPENAI)
except litellm.BadRequestError as error:
    out["refused"] = [error.status_code, str(error)]
try:
    litellm.completion(model=LLAMA, messages=HELLO, **{**TOGETHER, "api_key": "sk-invalid"})
except litellm.BadRequestError as error:  # the type in Together's 401 makes it one
    out["key"] = str(error)
try:
    litellm.completion(
        model="openai/gpt-4.1-mini", messages=HELLO, **{**OPENAI, "api_key": "sk-invalid"}
    )
except litellm.AuthenticationError as error:
    out["openai_key"] = error.status_code

said = litellm.completion(model="openai/gpt-4.1-mini", messages=HELLO, **OPENAI)
out["said"] = said.choices[0].message.content
pieces = litellm.completion(model=LLAMA, messages=HELLO, stream=True, **TOGETHER)
out["streamed"] = "".join(piece.choices[0].delta.content or "" for piece in pieces)


async def at_once() -> list[str]:
    asked = (
        litellm.aimage_generation(model="openai/any", prompt=f"Lamp {i}", size="64x64", **ANY)
        for i in range(3)
    )
    return [reply.data[0].b64_json for reply in await asyncio.gather(*asked)]


out["at_once"] = asyncio.run(at_once())
sys.stdout.write("\n" + json.dumps(out))

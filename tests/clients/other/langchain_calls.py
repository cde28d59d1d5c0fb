"""langchain-openai against a server, call by call; prints what came of it as JSON."""

import base64
import json
import sys
from pathlib import Path

from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

ORIGIN = sys.argv[1]
HELLO = "Reply with exactly: Hello!"
MODELS = {
    "vercel": "openai/gpt-5-mini",
    "openai": "gpt-4.1-mini",
    "compatible": "acme/chat",
    "together": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
}
out = {}


def chat(provider: str, **options: object) -> ChatOpenAI:
    return ChatOpenAI(
        model=str(options.pop("model", MODELS[provider])),
        base_url=f"{ORIGIN}/{provider}/v1",
        api_key="sk-test",
        **options,
    )


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"Rain in {city}"


class Lamp(BaseModel):
    """A lamp."""

    colour: str
    watts: int


for provider in MODELS:
    model = chat(provider)
    out[provider] = [
        model.invoke(HELLO).content,
        "".join(str(piece.content) for piece in model.stream(HELLO)),
    ]

url = "data:image/png;base64," + base64.b64encode(Path("red.png").read_bytes()).decode()
shown = HumanMessage(
    [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
)
out["seen"] = chat("openai").invoke([shown]).content
named = chat("openai").bind_tools([get_weather], tool_choice="get_weather")
out["called"] = [call["args"] for call in named.invoke("The weather in Paris").tool_calls]
out["lamp"] = chat("openai").with_structured_output(Lamp).invoke("A red lamp").model_dump()
drawer = chat("vercel", model="google/gemini-2.5-flash-image-preview")
drawn = drawer.invoke("Draw a lighthouse")
out["drawn"] = [drawn.content, drawn.usage_metadata["output_tokens"]]

sys.stdout.write("\n" + json.dumps(out))

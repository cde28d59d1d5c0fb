"""A prompt of the AI SDK (three generations of it) as the messages of a chat, and the settings too.

Files come as `data:` URLs, bare base64 or links, and since the fourth generation tagged (wire facts
B5). What must not enter: anything about the answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from safelight.messages import Json
from safelight.refusals import Refusal

_SETTINGS = {
    "maxOutputTokens": "max_completion_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "stopSequences": "stop",
    "seed": "seed",
    "stream": "stream",
    "model": "model",
}
_ANSWER_IN_JSON = {"role": "system", "content": "Answer with JSON."}
DRAWING_TOOL = "openai.image_generation"
"""The provider tool by which a language model makes pictures."""


_IMAGE_FIELDS = ("model", "prompt", "n", "size", "seed", "providerOptions")


def asked(body: Mapping[str, Json]) -> str:
    """Return what was asked: an image's prompt, or the text of the last user message."""
    prompt = body.get("prompt")
    if not isinstance(prompt, list):
        return prompt if isinstance(prompt, str) else ""
    turns = [m for m in prompt if isinstance(m, dict) and m.get("role") == "user"]
    content = turns[-1].get("content") if turns else None
    parts = content if isinstance(content, list) else []
    return "\n".join(str(p.get("text")) for p in parts if isinstance(p, dict) and p.get("text"))


def image_params(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return the body of an Images API request that asks for the same pictures."""
    out = {key: body[key] for key in _IMAGE_FIELDS if body.get(key) is not None}
    if body.get("files"):
        out["images"] = [_input(file) for file in body["files"]]
    if body.get("mask"):
        out["mask"] = _input(body["mask"])
    return out


def _input(file: Mapping[str, Json]) -> dict[str, Json]:
    if file["type"] == "url":
        return {"image_url": file["url"]}
    return {"image_url": _address(file["data"], str(file["mediaType"]), "")}


def chat_params(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return the body of a chat request that asks what this prompt asks. Raises Refusal."""
    out = {name: body[key] for key, name in _SETTINGS.items() if body.get(key) is not None}
    out["messages"] = [*_format_words(body), *_messages(body["prompt"])]
    tools = [_tool(tool) for tool in body.get("tools") or () if tool["type"] == "function"]
    if tools:
        out["tools"] = tools
        out["tool_choice"] = _choice(body.get("toolChoice"))
    if found := effort(body):
        out["reasoning_effort"] = found
    if wanted := _response_format(body.get("responseFormat")):
        out["response_format"] = wanted
    groups = dict(body.get("providerOptions") or {})
    if tool := drawing_tool(body):
        group = DRAWING_TOOL.partition(".")[0]
        groups[group] = {**groups.get(group, {}), **_drawing(tool.get("args") or {})}
        if (body.get("toolChoice") or {}).get("toolName") == tool["name"]:
            out["modalities"] = ["text", "image"]
    if groups:
        out["providerOptions"] = groups
    return out


def provider_options(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return the options of all providers laid together, the gateway's own left out."""
    groups = body.get("providerOptions") or {}
    return {k: v for name, group in groups.items() if name != "gateway" for k, v in group.items()}


def drawing_tool(body: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the request's provider tool that makes pictures, or None."""
    tools = body.get("tools") or ()
    found: Json = next((tool for tool in tools if tool.get("id") == DRAWING_TOOL), None)
    return found if isinstance(found, dict) else None


def foreign_tools(body: Mapping[str, Json]) -> list[str]:
    """Return the ids of the provider tools that nobody here can run."""
    ids = [str(tool.get("id")) for tool in body.get("tools") or () if tool["type"] != "function"]
    return [name for name in ids if name != DRAWING_TOOL]


def _drawing(args: Mapping[str, Json]) -> dict[str, Json]:
    """Return the settings of a drawing tool, which the image models have too; `auto` is none."""
    return {key: value for key, value in args.items() if value not in (None, "auto")}


def _messages(prompt: list[dict[str, Json]]) -> Iterator[dict[str, Json]]:
    for index, message in enumerate(prompt):
        role, content = message["role"], message["content"]
        if role == "system":
            yield {"role": "system", "content": content}
        elif role == "user":
            at = f"prompt[{index}].content"
            yield {"role": "user", "content": [_part(p, f"{at}[{i}]") for i, p in _each(content)]}
        elif role == "assistant":
            yield from _assistant(content, f"prompt[{index}].content")
        else:
            yield from _results(content)


def _each(content: list[dict[str, Json]]) -> Iterator[tuple[int, dict[str, Json]]]:
    return iter(enumerate(content))


def _part(part: Mapping[str, Json], at: str) -> dict[str, Json]:
    """Return a user's text or file as a part of a chat message."""
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    kind, data = str(part["mediaType"]), part["data"]
    if isinstance(data, dict) and data["type"] == "text":
        return {"type": "text", "text": data["text"]}
    if kind == "image" or kind.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": _address(data, kind, at)}}
    if kind.startswith("audio/"):
        payload = _address(data, kind, at).partition(",")[2]
        return {"type": "input_audio", "input_audio": {"data": payload, "format": kind[6:]}}
    about = {"filename": part.get("filename") or "file", "file_data": _address(data, kind, at)}
    return {"type": "file", "file": about}


def _address(data: Json, kind: str, at: str) -> str:
    """Return where a file is: a link as it stands, anything else as a `data:` URL."""
    if isinstance(data, dict):
        if data["type"] == "reference":
            raise Refusal("file_reference_unknown", f"{at}.data")
        data = data["url"] if data["type"] == "url" else data["data"]
    if data.startswith(("data:", "http://", "https://")):
        return str(data)
    media = kind if "/" in kind and not kind.endswith("/*") else "application/octet-stream"
    return f"data:{media};base64,{data}"


def _assistant(content: list[dict[str, Json]], at: str) -> Iterator[dict[str, Json]]:
    """Yield an assistant's turn: its texts, the pictures it made, the tools it called.

    What the provider ran by itself (calls with their results) is history, nobody waits for it;
    its pictures count as made in this turn.
    """
    texts = [part["text"] for part in content if part["type"] == "text"]
    pictures = [
        _part(part, f"{at}[{index}]")
        for index, part in _each(content)
        if part["type"] == "file" and str(part["mediaType"]).startswith("image")
    ]
    pictures += [made for part in content if (made := _made_by_tool(part))]
    answered = {part["toolCallId"] for part in content if part["type"] == "tool-result"}
    calls = [
        _call(part)
        for part in content
        if part["type"] == "tool-call" and part["toolCallId"] not in answered
    ]
    turn: dict[str, Json] = {"role": "assistant", "content": "".join(texts) or None}
    if pictures:
        turn["images"] = pictures
    if calls:
        turn["tool_calls"] = calls
    yield turn


def _made_by_tool(part: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the picture in a provider tool's result, if it is one."""
    output = part.get("output") if part["type"] == "tool-result" else None
    value = output.get("value") if isinstance(output, dict) else None
    made = value.get("result") if isinstance(value, dict) else None
    if part.get("toolName") != DRAWING_TOOL.partition(".")[2] or not isinstance(made, str):
        return None
    return {"type": "image_url", "image_url": {"url": _address(made, "image/png", "")}}


def _call(part: Mapping[str, Json]) -> dict[str, Json]:
    given = part.get("input")
    arguments = given if isinstance(given, str) else json.dumps(given or {})
    function = {"name": part["toolName"], "arguments": arguments}
    return {"id": part["toolCallId"], "type": "function", "function": function}


def _results(content: list[dict[str, Json]]) -> Iterator[dict[str, Json]]:
    for part in content:
        if part["type"] == "tool-result":
            text = _told(part["output"])
            yield {"role": "tool", "tool_call_id": part["toolCallId"], "content": text}


def _told(output: Mapping[str, Json]) -> str:
    """Return a tool's output as text; files in it are only named."""
    value = output.get("value")
    if output["type"] == "execution-denied":
        return str(output.get("reason") or "The user did not allow this.")
    if output["type"] == "content" and isinstance(value, list):
        return "\n".join(p["text"] if p["type"] == "text" else f"[{p['type']}]" for p in value)
    return value if isinstance(value, str) else json.dumps(value)


def _tool(tool: Mapping[str, Json]) -> dict[str, Json]:
    about = {"name": tool["name"], "parameters": tool["inputSchema"]}
    about |= {key: tool[key] for key in ("description", "strict") if tool.get(key) is not None}
    return {"type": "function", "function": about}


def _choice(choice: Json) -> Json:
    kind = choice["type"] if isinstance(choice, dict) else "auto"
    if kind == "tool":
        return {"type": "function", "function": {"name": choice["toolName"]}}
    return kind


def _format_words(body: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the sentence that a request for JSON without a schema needs."""
    wanted = body.get("responseFormat") or {}
    return [_ANSWER_IN_JSON] if wanted.get("type") == "json" and not wanted.get("schema") else []


def _response_format(wanted: Json) -> dict[str, Json] | None:
    if not isinstance(wanted, dict) or wanted["type"] != "json":
        return None
    if not wanted.get("schema"):
        return {"type": "json_object"}
    about = {"name": wanted.get("name") or "response", "schema": wanted["schema"]}
    return {"type": "json_schema", "json_schema": about}


def effort(body: Mapping[str, Json]) -> str | None:
    """Return how hard to think: the newest generation's setting, or what a provider's is."""
    level = body.get("reasoning")
    if isinstance(level, str) and level != "provider-default":
        return level
    own = provider_options(body)
    if isinstance(own.get("reasoningEffort"), str):
        return str(own["reasoningEffort"])
    thinking = [own.get(name) for name in ("thinking", "thinkingConfig")]
    return "medium" if any(_thinks(setting) for setting in thinking) else None


def _thinks(setting: Json) -> bool:
    """Tell whether a provider's setting asks for thoughts."""
    off = ("disabled", 0)
    return isinstance(setting, dict) and not {*off} & {
        setting.get("type"),
        setting.get("thinkingBudget"),
    }


def wish(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return how hard to think about what, as a chat request says it."""
    said = {"role": "user", "content": asked(body)}
    return {"messages": [said], "reasoning_effort": effort(body)}

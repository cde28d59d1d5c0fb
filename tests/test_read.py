"""Bodies become parameters: JSON, and multipart forms as clients really write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import encode_form
from safelight.messages import Upload
from safelight.read import as_json, form_params, read_form, read_json
from safelight.refusals import Refusal

SCHEMA = {
    "properties": {
        "n": {"type": ["integer", "null"]},
        "strength": {"type": "number"},
        "stream": {"type": "boolean"},
        "prompt": {"type": "string"},
        "svg": {"properties": {"reasoning": {"properties": {"effort": {"type": "string"}}}}},
        "seeds": {"type": "array", "items": {"type": "integer"}},
        "image": {"anyOf": [{"type": "object", "x-upload": True}, {"type": "array"}]},
    }
}


def parse(body: bytes, kind: str = "multipart/form-data; boundary=cut") -> dict[str, object]:
    return form_params(read_form(body, kind), SCHEMA)


def test_texts_become_what_the_schema_wants() -> None:
    parts = [("n", "3"), ("strength", "0.5"), ("stream", "true"), ("prompt", "7"), ("x", "1")]
    body, kind = encode_form(parts)
    wanted = {"n": 3, "strength": 0.5, "stream": True, "prompt": "7", "x": "1"}
    assert parse(body, kind) == wanted


def test_a_text_that_is_no_number_stays_a_text() -> None:
    body, _ = encode_form([("n", "three"), ("stream", "yes")])
    assert parse(body) == {"n": "three", "stream": "yes"}


def test_brackets_nest_and_repeat() -> None:
    body, _ = encode_form([("svg[reasoning][effort]", "low"), ("seeds[]", "1"), ("seeds[]", "2")])
    assert parse(body) == {"svg": {"reasoning": {"effort": "low"}}, "seeds": [1, 2]}


@pytest.mark.parametrize("name", ["image[0]", "image[][]", "seeds[a]", "prompt[b][c]"])
def test_a_key_of_what_has_none_is_a_name_like_any_other(name: str) -> None:
    body, _ = encode_form([(name, ("a.png", b"1", "image/png"))])
    assert list(parse(body)) == [name]
    extra, _ = encode_form([("providerOptions[a][b]", "1")])
    assert parse(extra) == {"providerOptions": {"a": {"b": "1"}}}


def test_a_name_given_twice_is_refused() -> None:
    body, _ = encode_form([("n", "1"), ("n", "2")])
    with pytest.raises(Refusal) as caught:
        parse(body)
    assert (caught.value.name, caught.value.at) == ("duplicate_part", "n")


@pytest.mark.parametrize("second", ["image[]", "image"])
def test_one_image_and_a_list_of_images_do_not_mix(second: str) -> None:
    body, _ = encode_form([("image", ("a.png", b"1", None)), (second, ("b.png", b"2", None))])
    with pytest.raises(Refusal, match="duplicate_part"):
        parse(body)


def test_unquoted_names_quoted_boundaries_and_typed_texts_are_read() -> None:
    body = (
        b"--a b\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"content-disposition: form-data; name=prompt\r\n\r\nhi\r\n--a b--\r\n"
    )
    assert parse(body, 'multipart/form-data; boundary="a b"') == {"prompt": "hi"}


def test_a_part_without_a_type_takes_the_one_of_its_extension() -> None:
    body, _ = encode_form([("image", ("cat.webp", b"x", None)), ("mask", ("upload", b"y", None))])
    found = parse(body)
    assert found["image"] == Upload("cat.webp", "image/webp", b"x")
    assert found["mask"] == Upload("upload", None, b"y")


def test_a_file_is_seen_by_schemas_as_name_type_and_size() -> None:
    upload = Upload("a.png", "image/png", b"12345")
    seen = {"x-file": True, "filename": "a.png", "content_type": "image/png", "size": 5}
    assert as_json({"image": [upload], "n": 1}) == {"image": [seen], "n": 1}


BROKEN = {
    "no boundary named": (b"--cut--", "multipart/form-data"),
    "boundary absent": (b"hello", "multipart/form-data; boundary=cut"),
    "no closing boundary": (
        encode_form([("a", "b")])[0][:-10],
        "multipart/form-data; boundary=cut",
    ),
    "headers do not end": (b"--cut\r\nContent-Disposition: x\r\n--cut--", "m/f; boundary=cut"),
    "no disposition": (b"--cut\r\n\r\nx\r\n--cut--", "m/f; boundary=cut"),
    "no name": (
        b"--cut\r\nContent-Disposition: form-data\r\n\r\nx\r\n--cut--",
        "m/f; boundary=cut",
    ),
    "too deep": (encode_form([("a" + "[b]" * 9, "x")])[0], "m/f; boundary=cut"),
}


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_a_broken_form_is_refused_with_a_reason(case: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse(*BROKEN[case])
    assert caught.value.name == "bad_form"
    assert caught.value.facts["reason"]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_form_reader(body: bytes) -> None:
    with contextlib.suppress(Refusal):
        parse(body)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_form_cut_anywhere_is_refused_and_a_whole_one_keeps_its_bytes(
    data: bytes, at: int
) -> None:
    body, _ = encode_form([("prompt", "x"), ("image", ("a.png", data.replace(b"cut", b""), None))])
    whole = parse(body)["image"]
    assert isinstance(whole, Upload)
    assert whole.data == data.replace(b"cut", b"")
    if at < len(body) - 6:
        with pytest.raises(Refusal):
            parse(body[:at])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"a": NaN}', b"[" * 5000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal, match="bad_json"):
        read_json(body)

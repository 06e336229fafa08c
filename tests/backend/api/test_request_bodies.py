"""What is taken for a request body, and what is refused before it is parsed."""

import json
import time

import anyio
import pytest
from starlette.requests import Request
from starlette.types import Message

from backend.api.bodies import BodyLimits, nested_deeper, parse_object, read_json_object
from backend.errors import InvalidRequestError, RequestTooSlowError

NESTING = 64


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        parse_object(data, NESTING)
    return str(caught.value)


@pytest.mark.parametrize("data", [b"", b"  \n", b"{}", b"\xef\xbb\xbf{}"])
def test_nothing_and_an_empty_object_are_both_an_empty_object(data: bytes) -> None:
    assert parse_object(data, NESTING) == {}


def test_malformed_json_is_refused_with_its_position() -> None:
    assert "line 2, column 6" in refusal(b'{"a": 1,\n "b" 2}')


@pytest.mark.parametrize("data", [b"[1]", b'"text"', b"3", b"null", b"true"])
def test_a_body_that_is_no_object_is_refused(data: bytes) -> None:
    assert "must be a JSON object" in refusal(data)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1E+400", b"9" * 400 + b".0"])
def test_numbers_that_are_none_in_json_are_refused(number: bytes) -> None:
    refusal(b'{"inputs": {"x": ' + number + b"}}")


@pytest.mark.parametrize("number", ["1e300", "1.7976931348623157e308", "0e999", "1" * 250])
def test_large_finite_numbers_are_taken(number: str) -> None:
    assert parse_object(f'{{"x": {number}}}'.encode(), NESTING) == {"x": json.loads(number)}


def test_an_integer_of_ten_thousand_digits_is_refused() -> None:
    assert "integer" in refusal(b'{"x": ' + b"1" * 10_000 + b"}")


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b'{"inputs": {"a": 1}, "inputs": {"b": 2}}', "$.inputs"),
        (b'{"inputs": {"a": 1, "b": {"a": 3}, "a": 2}}', "$.inputs.a"),
        (b'\xef\xbb\xbf {"inputs": {"a": [{"x": 1}], "\\u0061": 1}}', "$.inputs.a"),
        (b'{"mode": "sync", "inputs": {}, "mode": "async"}', "$.mode"),
        (b'{"outputs": {"a b": {}, "a b": {"transmissionMode": "reference"}}}', '$.outputs["a b"]'),
    ],
)
def test_of_two_values_for_one_member_none_is_left_out_silently(data: bytes, path: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_object(data, NESTING)
    assert [problem.path for problem in caught.value.problems] == [path]
    assert "more than once" in caught.value.problems[0].message


def test_the_same_name_in_several_objects_and_within_a_value_is_no_matter() -> None:
    data = b'{"inputs": {"a": {"a": 1}, "b": {"a": 1}, "text": "\\"a\\": 1, \\"a\\": 2"}, "outputs": {"a": {}}}'
    assert parse_object(data, NESTING) == json.loads(data)
    assert parse_object(b'{"inputs": {"geometry": {"x": 1, "x": 2}}}', NESTING) == {"inputs": {"geometry": {"x": 2}}}


def test_bytes_that_are_not_utf8_are_refused_with_their_place() -> None:
    assert "byte 6" in refusal(b'{"a":"\xff"}')
    assert "UTF-8" in refusal('{"a": 1}'.encode("utf-16"))


def test_half_a_surrogate_pair_is_refused_and_a_whole_one_is_taken() -> None:
    assert "surrogate" in refusal(rb'{"name": "\ud800"}')
    assert parse_object(rb'{"name": "\ud83c\udf0d"}', NESTING) == {"name": "🌍"}


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_ten_thousand_levels_are_refused_without_a_recursion_error(opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    assert "deeper" in refusal(b'{"inputs":' + opening * 10_000 + b"1" + closing * 10_000 + b"}")
    assert "deeper" in refusal(b'{"inputs":' + opening * 10_000)


@pytest.mark.parametrize("depth", [1, 2, 63, 64, 65, 66, 200])
def test_nesting_is_counted_exactly(depth: int) -> None:
    text = b'{"a":[],"b":' + b"[{}," * (depth - 1) + b"0" + b"]" * (depth - 1) + b"}"
    # The `{}` beside each level makes the innermost one level deeper.
    assert nested_deeper(text, NESTING) == (depth + (depth > 1) > NESTING)


def test_brackets_within_strings_are_no_nesting() -> None:
    assert not nested_deeper(json.dumps({"text": "[" * 1000 + '"\\' + "{" * 1000}).encode(), NESTING)
    assert nested_deeper(b'[["]",' * 65, NESTING)


@pytest.mark.parametrize("evil", [b'"\\' * 2_000_000, b'\\"' * 2_000_000, b"[" * 4_000_000, b"[]" * 2_000_000])
def test_the_depth_of_hostile_text_is_found_in_linear_time(evil: bytes) -> None:
    start = time.thread_time()
    nested_deeper(evil + b"[" * 100, NESTING)
    # Quadratic, it would take hours.
    assert time.thread_time() - start < 20


@pytest.mark.anyio
async def test_a_body_that_does_not_arrive_in_time_is_given_up() -> None:
    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with anyio.fail_after(40), pytest.raises(RequestTooSlowError, match=r"within 0\.01 s"):
        await read_json_object(request, BodyLimits(size=1000, nesting=NESTING, seconds=0.01))

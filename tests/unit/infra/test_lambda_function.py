"""One handler called as Lambda calls it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.local.lambda_function import (
    MAX_RESULT_BYTES,
    FunctionFailed,
    FunctionSettings,
    FunctionTimedOut,
    LambdaFunction,
)

SETTINGS = FunctionSettings("Api", timeout_seconds=20, memory_mb=512)


def test_the_handler_gets_the_event_and_a_context_like_lambda_s():
    seen: dict[str, Any] = {}

    def handler(event, context):
        seen.update(event=event, context=context)
        return {"ok": True}

    assert LambdaFunction(handler, SETTINGS).invoke({"a": [1]}) == {"ok": True}
    context = seen["context"]
    assert seen["event"] == {"a": [1]}
    assert context.function_name == "Api"
    assert context.memory_limit_in_mb == "512"
    assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:123456789012:function:Api"
    assert len(context.aws_request_id) == 36


def test_the_remaining_time_counts_down_to_zero():
    now = [100.0]

    def handler(_, context):
        left = [context.get_remaining_time_in_millis()]
        for step in (5.5, 30):
            now[0] += step
            left.append(context.get_remaining_time_in_millis())
        return left

    assert LambdaFunction(handler, SETTINGS, clock=lambda: now[0]).invoke({}) == [20_000, 14_500, 0]


def test_event_and_result_are_what_json_carries_of_them():
    changed = {"items": [1]}
    function = LambdaFunction(lambda event, _: event.setdefault("items", []) and {"pair": (1, 2), 3: "x"}, SETTINGS)
    assert function.invoke(changed) == {"pair": [1, 2], "3": "x"}
    assert changed == {"items": [1]}


def test_an_exception_is_told_with_its_cause():
    def handler(_event, _context):
        raise KeyError("missing")

    with pytest.raises(FunctionFailed) as caught:
        LambdaFunction(handler, SETTINGS).invoke({})
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("kind", [TimeoutError, SystemExit, KeyboardInterrupt])
def test_even_what_elsewhere_ends_a_program_or_a_wait_is_an_exception_like_any_other(kind):
    def handler(_event, _context):
        raise kind

    with pytest.raises(FunctionFailed) as caught:
        LambdaFunction(handler, SETTINGS).invoke({}, wait_seconds=60)
    assert isinstance(caught.value.__cause__, kind)


@pytest.mark.parametrize("result", [{1, 2}, b"bytes", object()], ids=["set", "bytes", "object"])
def test_a_result_that_is_no_json_is_a_failure(result):
    with pytest.raises(FunctionFailed):
        LambdaFunction(lambda *_: result, SETTINGS).invoke({})


def test_a_result_larger_than_lambda_hands_on_is_a_failure():
    with pytest.raises(FunctionFailed):
        LambdaFunction(lambda *_: "x" * MAX_RESULT_BYTES, SETTINGS).invoke({})


def test_the_function_lives_on_after_a_failure():
    results = iter([KeyError("once")])

    def handler(_event, _context):
        for error in results:
            raise error
        return "fine"

    function = LambdaFunction(handler, SETTINGS)
    with pytest.raises(FunctionFailed):
        function.invoke({})
    assert function.invoke({}) == "fine"


def test_calls_come_one_after_the_other_and_in_one_thread():
    threads, inside, overlaps = set(), [0], []

    def handler(_event, _context):
        inside[0] += 1
        overlaps.append(inside[0])
        threads.add(threading.get_ident())
        inside[0] -= 1

    function = LambdaFunction(handler, SETTINGS)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(function.invoke, [{}] * 40))
    assert len(threads) == 1
    assert overlaps == [1] * 40


def test_nobody_waits_longer_than_they_want_and_a_call_that_was_given_up_never_begins():
    begun, go_on, events = threading.Event(), threading.Event(), []

    def handler(event, _context):
        events.append(event["number"])
        begun.set()
        go_on.wait()

    function = LambdaFunction(handler, SETTINGS)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(function.invoke, {"number": 1})
        begun.wait()
        with pytest.raises(FunctionTimedOut):
            function.invoke({"number": 2}, wait_seconds=0)
        go_on.set()
        first.result()
    function.invoke({"number": 3})
    assert events == [1, 3]

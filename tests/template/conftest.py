"""Lets the checks of promises say what they compared, although they are no test modules."""

import pytest

pytest.register_assert_rewrite("tests.template.promises", "tests.template.transformed")

"""The template keeps what it promises, after SAM's transform."""

import pytest

from tests.template.promises import PROMISES
from tests.template.transformed import deployed_template


@pytest.mark.parametrize("name", PROMISES)
def test_the_template_keeps_its_promise(name):
    PROMISES[name](deployed_template())

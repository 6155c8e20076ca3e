"""What the deployed service promises, as checks of a transformed template.

Each check raises, mostly ``AssertionError``, where its promise is broken: tests/template/test_promises.py runs all of
them on what we deploy, and test_broken_promises.py on templates in which one thing was spoilt.
"""

from tests.template.promises import alarming, allowing, keeping, running, serving
from tests.template.promises.registry import PROMISES

__all__ = ["PROMISES", "alarming", "allowing", "keeping", "running", "serving"]

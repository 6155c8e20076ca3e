"""The last test of every run: nothing that was logged or printed on the way holds a secret."""

import logging

from tests import log_watch
from tests.log_watch import SECRET_MARK, lines_with_secrets


def test_a_planted_secret_is_found():
    assert lines_with_secrets(["fine", f"first\nBearer {SECRET_MARK}-1\nlast"]) == [f"Bearer {SECRET_MARK}-1"]


def test_what_is_logged_is_watched():
    logging.getLogger("tests.watch").warning("the watch %s", "works")
    assert any("the watch works" in line for line in log_watch.everything())


def test_no_log_line_of_this_run_holds_a_secret(request):
    texts = log_watch.everything()
    handlers_ran = any("/handlers/" in item.nodeid for item in request.session.items)
    assert not handlers_ran or any("request_id" in text for text in texts), "the handlers' log lines were not seen"
    assert lines_with_secrets(texts) == []

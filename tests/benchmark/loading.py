"""One index opened in a process of its own, as a reader opens it. Prints its figures, in seconds of processor, as JSON.

python -m tests.benchmark.loading FOLDER
"""

import json
import sys
import time
from pathlib import Path

from daltonify_core.use_cases.recommend import Recommender
from tests.benchmark.memory import forget_peak, peak_bytes
from tests.benchmark.preparing import open_index
from tests.benchmark.questions import questions_of, request_of


def main() -> None:
    folder = Path(sys.argv[1])
    forget_peak()
    before = peak_bytes()
    began = time.process_time()
    index = open_index(folder)
    loaded = time.process_time()
    [question] = questions_of(index, 1)
    drawn = time.process_time()
    Recommender(index, "2026-01-15T12:00:00Z").recommend(request_of(index, question))
    answered = time.process_time()
    index.close()
    print(
        json.dumps(
            {
                "load_seconds": loaded - began,
                "first_answer_seconds": answered - drawn,
                "added_peak_bytes": peak_bytes() - before,
            }
        )
    )


if __name__ == "__main__":
    main()

"""Uses Annoy as it lies in the layers: writes an index and asks it. Ends with an error when that does not go well.

    python -I -S -B lambda_annoy.py LAYER …

Small catalogues have no neighbour index, so nothing else that is tried before deploying would find a faulty one.
"""

import sys
import tempfile
from pathlib import Path

sys.path[:0] = sys.argv[1:]

import numpy as np  # noqa: E402 - from the layer

from daltonify_core.adapters.annoy_index import AnnoyFormat  # noqa: E402

_TRACKS = 500

vectors = np.random.default_rng(1).normal(size=(_TRACKS, 11)).astype(np.float32)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "all.ann"
    AnnoyFormat().build(vectors, path, seed=1)
    index = AnnoyFormat().open(path, vectors.shape[1])
    wrong = [item for item, vector in enumerate(vectors) if index.nearest(vector, 1).tolist() != [item]]
if wrong:
    sys.exit(f"of {_TRACKS} tracks {len(wrong)} are not nearest to themselves, the first of them {wrong[0]}")

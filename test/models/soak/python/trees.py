"""The booster of make_model.py behind whatever server imports this. A row whose first value is 1e9 fails, as bad rows do."""

import os

import numpy
import xgboost

booster = xgboost.Booster()
booster.load_model(os.path.join(os.environ["MODEL_FOLDER"], "model.json"))


def predict(rows):
    x = numpy.asarray(rows, dtype=numpy.float32).reshape(-1, 4)
    if (x[:, 0] == numpy.float32(1e9)).any():
        raise ValueError("a bad row")
    return booster.inplace_predict(x).tolist()

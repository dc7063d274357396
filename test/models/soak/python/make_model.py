"""Trains a small booster, and writes it with rows and the library's own predictions: make_model.py FOLDER"""

import json
import sys

import numpy
import xgboost

folder = sys.argv[1]
random = numpy.random.default_rng(7)
x = random.normal(size=(2000, 4)).astype(numpy.float32)
x[random.random(size=x.shape) < 0.05] = numpy.nan
y = numpy.nan_to_num(x[:, 0] * 3 - x[:, 1] ** 2 + x[:, 2]) + random.normal(size=2000) * 0.1
data = xgboost.DMatrix(x, y, feature_names=["a", "b", "c", "d"])
booster = xgboost.train({"max_depth": 5, "objective": "reg:squarederror"}, data, 60)
booster.save_model(f"{folder}/model.json")
rows = numpy.nan_to_num(random.normal(size=(512, 4))).astype(numpy.float32)
predictions = booster.predict(xgboost.DMatrix(rows, feature_names=["a", "b", "c", "d"]))
with open(f"{folder}/rows.json", "w") as file:
    json.dump({"rows": rows.tolist(), "predictions": predictions.tolist(), "version": xgboost.__version__}, file)

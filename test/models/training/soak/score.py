"""Answers a job of main.ts with the XGBoost of this interpreter: scores model files, or trains one on the same numbers."""

import json
import sys

import numpy as np
import xgboost as xgb


def matrix(job):
    numbers = np.fromfile(job["numbers"], dtype="<f4").reshape(-1, len(job["columns"]))
    return xgb.DMatrix(numbers, missing=np.nan, feature_names=job["columns"], label=job.get("labels"))


def main():
    with open(sys.argv[1]) as file:
        job = json.load(file)
    if "train" in job:
        booster = xgb.train(job["train"], matrix(job), job["rounds"])
    else:
        booster = xgb.Booster(model_file=job["model"])
        booster.get_score(importance_type="gain")
        booster.save_model(job["copy"])
    margins = booster.predict(matrix(job), output_margin=True)
    predictions = booster.predict(matrix(job))
    margins.astype("<f4").tofile(job["margins"])
    print(json.dumps({"version": xgb.__version__, "first": [float(value) for value in predictions[:3]]}))


main()

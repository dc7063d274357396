"""Saves the model for `mlflow models serve`: save_mlflow.py FOLDER"""

import sys

import mlflow.pyfunc


class Trees(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        import trees

        return trees.predict(model_input.to_numpy())


mlflow.pyfunc.save_model(path=sys.argv[1], python_model=Trees(), pip_requirements=[])

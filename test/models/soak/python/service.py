import bentoml
import trees


@bentoml.service(workers=1)
class Trees:
    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list[float]:
        return trees.predict(rows)

    @bentoml.api(route="/columns")
    def columns(self, a: list[float], b: list[float], c: list[float], d: list[float]) -> list[float]:
        return trees.predict(list(zip(a, b, c, d)))

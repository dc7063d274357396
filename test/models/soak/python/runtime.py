import trees
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
import numpy


class Trees(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0])
        answers = numpy.asarray(trees.predict(rows), dtype=numpy.float32)
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("predict", answers)])

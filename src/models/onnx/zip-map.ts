import { countOf, field, fieldsOf, message, textOf, type WireField, whole } from './wire.ts';

/** Numbers of the fields in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const MODEL = { graph: 7, opset: 8 } as const;
const GRAPH = { node: 1, output: 12 } as const;
const NODE = { input: 1, output: 2, name: 3, type: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, ints: 8, strings: 9 } as const;
const VALUE = { name: 1, type: 2 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const FLOAT = 1;
/** Version of the default domain, for a model that does not use it. */
const OPSET_VERSION = 13;

/**
 * Returns the model with its probabilities as a matrix `[rows, classes]` under the same name, where it has them as a list of maps (the operator
 * ZipMap, which skl2onnx adds to classifiers unless `zipmap=False`): onnxruntime-node has no maps. Other models are returned unchanged, and so are
 * bytes that are not a model.
 */
export function withoutZipMap(bytes: Uint8Array): Uint8Array {
  try {
    return rewritten(bytes);
  } catch (error) {
    // The runtime reports what is wrong with it.
    if (error instanceof RangeError) return bytes;
    throw error;
  }
}

function rewritten(bytes: Uint8Array): Uint8Array {
  const model = fieldsOf(bytes);
  const graph = model.find(({ number }) => number === MODEL.graph);
  if (graph === undefined) return bytes;
  const classes = new Map<string, number>();
  const parts = fieldsOf(graph.content).map((part) => (part.number === GRAPH.node ? withoutMap(part, classes) : part.bytes));
  if (classes.size === 0) return bytes;
  const outputs = fieldsOf(message(...parts)).map((part) => (part.number === GRAPH.output ? asMatrix(part, classes) : part.bytes));
  const others = model.filter(({ number }) => number !== MODEL.graph).map((part) => part.bytes);
  const hasDefault = model.some((part) => part.number === MODEL.opset && textOf(fieldsOf(part.content), OPSET.domain) === '');
  const opset = hasDefault ? [] : [field(MODEL.opset, message(field(OPSET.domain, ''), whole(OPSET.version, OPSET_VERSION)))];
  return message(...others, ...opset, field(MODEL.graph, message(...outputs)));
}

/** Returns the node; in place of a ZipMap, one that passes its input on. */
function withoutMap(node: WireField, classes: Map<string, number>): Uint8Array {
  const fields = fieldsOf(node.content);
  if (textOf(fields, NODE.type) !== 'ZipMap') return node.bytes;
  const output = textOf(fields, NODE.output);
  const labels = fields
    .filter(({ number }) => number === NODE.attribute)
    .map(({ content }) => fieldsOf(content))
    .filter((attribute) => textOf(attribute, ATTRIBUTE.name).startsWith('classlabels_'));
  const counts = labels.map(
    (attribute) => countOf(attribute, ATTRIBUTE.ints) + attribute.filter(({ number }) => number === ATTRIBUTE.strings).length,
  );
  classes.set(output, Math.max(0, ...counts));
  return field(
    GRAPH.node,
    message(
      field(NODE.input, textOf(fields, NODE.input)),
      field(NODE.output, output),
      field(NODE.name, textOf(fields, NODE.name)),
      field(NODE.type, 'Identity'),
    ),
  );
}

function asMatrix(output: WireField, classes: ReadonlyMap<string, number>): Uint8Array {
  const name = textOf(fieldsOf(output.content), VALUE.name);
  const count = classes.get(name);
  if (count === undefined) return output.bytes;
  // TypeProto { tensor_type: { elem_type, shape: { dim: {}, dim: { dim_value } } } }
  const shape = message(field(1, message()), field(1, whole(1, count)));
  const type = field(1, message(whole(1, FLOAT), field(2, shape)));
  return field(GRAPH.output, message(field(VALUE.name, name), field(VALUE.type, type)));
}

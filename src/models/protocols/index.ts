import { bentoml } from './bentoml.ts';
import { columns } from './columns.ts';
import { custom } from './custom.ts';
import { mlflow } from './mlflow.ts';
import { openInference } from './open-inference.ts';
import { rows } from './rows.ts';
import { kserveV1, tensorFlowServing } from './tensor-flow-serving.ts';

/** Models behind HTTP, one function per protocol. */
export const http = { rows, columns, openInference, tensorFlowServing, kserveV1, mlflow, bentoml, custom } as const;

import { createAcls, deleteAcls, describeAcls } from '../../wire/apis/security.ts';
import { ErrorCode } from '../../wire/error-code.ts';
import { handler, serve } from './handler.ts';

const DESCRIBE_ACLS = serve(describeAcls, [1, 2], ['always SECURITY_DISABLED, as of Apache Kafka without an authorizer']);
const CREATE_ACLS = serve(createAcls, [1, 2], ['always SECURITY_DISABLED']);
const DELETE_ACLS = serve(deleteAcls, [1, 2], ['always SECURITY_DISABLED']);

const DISABLED = { errorCode: ErrorCode.SECURITY_DISABLED, errorMessage: 'No Authorizer is configured on the broker.' };

export const handleDescribeAcls = handler(DESCRIBE_ACLS, () => ({ ...DISABLED, resources: [] }));
export const handleCreateAcls = handler(CREATE_ACLS, ({ creations }) => ({ results: creations.map(() => DISABLED) }));
export const handleDeleteAcls = handler(DELETE_ACLS, ({ filters }) => ({ results: filters.map(() => ({ ...DISABLED, acls: [] })) }));

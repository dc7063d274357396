import { createAcls, deleteAcls, describeAcls } from '../../wire/apis/security.ts';
import { ErrorCode } from '../../wire/error-code.ts';
import { handler } from './handler.ts';

const DISABLED = { errorCode: ErrorCode.SECURITY_DISABLED, errorMessage: 'No Authorizer is configured on the broker.' };

export const handleDescribeAcls = handler(describeAcls, () => ({ ...DISABLED, resources: [] }));
export const handleCreateAcls = handler(createAcls, ({ creations }) => ({ results: creations.map(() => DISABLED) }));
export const handleDeleteAcls = handler(deleteAcls, ({ filters }) => ({ results: filters.map(() => ({ ...DISABLED, acls: [] })) }));

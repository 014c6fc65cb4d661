import { type OperationContext, OperationFailed, type Role, type Sender } from '@varve/ledger';

/**
 * The sender, who must have `role`.
 * @throws {OperationFailed} `ROLE_MISSING`.
 */
export function requireRole(context: OperationContext, role: Role): Sender {
  const { sender } = context;
  if (sender === undefined || !sender.roles.includes(role))
    throw new OperationFailed('ROLE_MISSING', `needs the role ${role}`);
  return sender;
}

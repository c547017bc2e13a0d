import type { Role } from '../../api/schemas';

/** From the most to the least; the server decides, this only leaves out what it would refuse. */
export const ROLES: { role: Role; words: string; may: string }[] = [
  { role: 'owner', words: 'Owner', may: 'Everything, the plan and the company itself included' },
  { role: 'admin', words: 'Admin', may: 'Connects CRMs, looks after the team, reads the audit log' },
  { role: 'golden_ticket', words: 'Golden ticket', may: 'Runs campaigns and sees everybody’s contacts' },
  { role: 'consultant', words: 'Consultant', may: 'Works the own contacts and imports more' },
];

const rank = (role: Role) => ROLES.findIndex((r) => r.role === role);

/** What somebody with this role may give, and whom they may change. */
export const within = (role: Role, own: Role) => rank(role) >= rank(own);

export const grantable = (own: Role) => ROLES.filter((r) => within(r.role, own));

import { queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import type { Role } from './schemas';
import { enter, sessionQuery } from './session';

export const invitationsQuery = queryOptions({
  queryKey: ['team', 'invitations'],
  queryFn: () => body(http.GET('/api/team/invitations')),
  // The mail leaves a moment after the invitation is written.
  refetchInterval: (query) => (query.state.data?.items.some((i) => !i.sent_at && !i.expired) ? 3_000 : false),
});

export const crmUsersQuery = queryOptions({
  queryKey: ['team', 'crm-users'],
  queryFn: () => body(http.GET('/api/team/crm-users')),
});

/** Members, invitations, seats: whatever changed, the others show it. */
export const refreshTeam = () =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: ['team'] }),
    queryClient.invalidateQueries({ queryKey: ['members'] }),
    queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  ]);

export type Wish = { email: string; role: Role; days?: number };

export const invite = (wish: Wish) => body(http.POST('/api/team/invitations', { body: wish }));

export const resendInvitation = (id: string) =>
  body(http.POST('/api/team/invitations/{id}/resend', { params: { path: { id } } }));

export const revokeInvitation = (id: string) =>
  http.DELETE('/api/team/invitations/{id}', { params: { path: { id } } });

export const changeRole = (id: string, role: Role) =>
  body(http.PATCH('/api/team/members/{id}', { params: { path: { id } }, body: { role } }));

export const removeMember = (id: string, contacts_to?: string) =>
  body(http.DELETE('/api/team/members/{id}', { params: { path: { id }, query: { contacts_to } } }));

/** Asks the CRM itself; what it says is kept for the next look. */
export async function readCrmUsers(provider: string) {
  await http.GET('/api/integrations/{provider}/users', { params: { path: { provider } } });
  await queryClient.invalidateQueries({ queryKey: crmUsersQuery.queryKey });
}

export const openInvitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation', token],
    queryFn: () => body(http.POST('/api/auth/invitation', { body: { token } })),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const acceptInvitation = async (form: {
  token: string;
  name?: string;
  password?: string;
  code?: string;
}) => enter(await body(http.POST('/api/auth/invitation/accept', { body: form })));

import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { forgetNotices } from '../ui/notices';
import { body, http, queryClient } from './client';
import type { Action, Session } from './schemas';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => body(http.GET('/api/auth/session')),
  staleTime: 60_000,
  retry: false,
});

/** Only below the workspace route, which loads the session first. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

export const may = (session: Session, action: Action) => session.may.includes(action);

export function enter(session: Session): Session {
  // Another company's rows must not outlive the switch.
  queryClient.clear();
  forgetNotices();
  queryClient.setQueryData(sessionQuery.queryKey, session);
  return session;
}

export const signIn = async (email: string, password: string, code?: string) =>
  enter(await body(http.POST('/api/auth/login', { body: { email, password, code } })));

export const confirmAddress = async (token: string) =>
  enter(await body(http.POST('/api/auth/confirm', { body: { token } })));

export const switchCompany = async (company_id: string) =>
  enter(await body(http.PUT('/api/auth/session', { body: { company_id } })));

export async function signOut() {
  await http.POST('/api/auth/logout');
  queryClient.clear();
  forgetNotices();
}

export const signUp = (body: {
  company: string;
  name: string;
  email: string;
  password: string;
  country: string;
}) => http.POST('/api/auth/signup', { body });

export const askReset = (email: string) => http.POST('/api/auth/reset', { body: { email } });

export const setPassword = (token: string, password: string) =>
  http.POST('/api/auth/reset/confirm', { body: { token, password } });

export const mailboxQuery = queryOptions({
  queryKey: ['mailbox'],
  queryFn: () => body(http.GET('/api/dev/mailbox')),
  refetchInterval: 5_000,
  retry: false,
});

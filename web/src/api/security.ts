import { queryOptions } from '@tanstack/react-query';
import { body, http, queryClient } from './client';
import type { Role } from './schemas';

export const sessionsQuery = queryOptions({
  queryKey: ['security', 'sessions'],
  queryFn: () => body(http.GET('/api/auth/sessions')),
});

export const secondFactorQuery = queryOptions({
  queryKey: ['security', 'second-factor'],
  queryFn: () => body(http.GET('/api/auth/second-factor')),
});

export const apiKeysQuery = queryOptions({
  queryKey: ['security', 'api-keys'],
  queryFn: () => body(http.GET('/api/api-keys')),
});

export const refreshSecurity = () => queryClient.invalidateQueries({ queryKey: ['security'] });

export const revokeSession = (id: string) =>
  http.DELETE('/api/auth/sessions/{id}', { params: { path: { id } } });

export const revokeOtherSessions = () => body(http.DELETE('/api/auth/sessions'));

export const beginSecondFactor = (password: string) =>
  body(http.POST('/api/auth/second-factor', { body: { password } }));

export const confirmSecondFactor = (code: string) =>
  body(http.POST('/api/auth/second-factor/confirm', { body: { code } }));

export const renewRecoveryCodes = (code: string) =>
  body(http.POST('/api/auth/second-factor/recovery-codes', { body: { code } }));

export const endSecondFactor = (password: string, code: string) =>
  http.POST('/api/auth/second-factor/disable', { body: { password, code } });

export const createApiKey = (name: string, role: Role, expires_at?: string) =>
  body(http.POST('/api/api-keys', { body: { name, role, expires_at } }));

export const revokeApiKey = (id: string) => http.DELETE('/api/api-keys/{id}', { params: { path: { id } } });

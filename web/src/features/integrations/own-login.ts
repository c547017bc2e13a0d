import type { ProviderStatus } from '../../api/schemas';

type Own = NonNullable<ProviderStatus['own_login']>;

/** What all of a provider's own hosts end in, from the example: `acme.my.crm.example` -> `my.crm.example`. */
const ending = (own: Own) => own.example.slice(own.example.indexOf('.') + 1);

/**
 * The address of the host that somebody meant: its first word, the host, or any address copied there.
 * Undefined when nothing was written, null when it cannot be one; the server judges what is left.
 */
export function loginUrl(written: string, own: Own): string | null | undefined {
  const text = written.trim().toLowerCase();
  if (text === '') return undefined;
  const host = text.replace(/^https?:\/\//, '').replace(/[/?#].*$/, '');
  const whole = host.includes('.') ? host : `${host}.${ending(own)}`;
  const fits = /^[a-z0-9.-]+$/.test(whole) && whole.endsWith(`.${ending(own)}`) && !whole.startsWith('.');
  return fits ? `https://${whole}` : null;
}

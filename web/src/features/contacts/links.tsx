import type { Contact, ProviderStatus } from '../../api/schemas';
import { humanize } from '../../ui/figures';
import { ProviderTile } from '../../ui/provider-tile';
import { StatusWord, type Tone } from '../../ui/status-word';

export const providerName = (providers: ProviderStatus[], slug: string) =>
  providers.find((p) => p.provider === slug)?.name ?? humanize(slug);

const LEAD: [states: Contact['leads'][number]['state'][], tone: Tone, word: string][] = [
  [['failed', 'dead'], 'bad', 'Failed'],
  [['held'], 'warn', 'Held'],
  [['retrying', 'unknown'], 'warn', 'Waiting'],
  [['queued', 'sending'], 'busy', 'Sending'],
];

/** One word for all CRMs of a contact, trouble first, and a tile per CRM. */
export function Links({ contact, providers }: { contact: Contact; providers: ProviderStatus[] }) {
  const { linked, leads } = contact;
  const trouble = LEAD.find(([states]) => leads.some((l) => states.includes(l.state)));
  const gone = linked.length > 0 && linked.every((l) => l.state === 'gone');
  const slugs = trouble
    ? leads.filter((l) => trouble[0].includes(l.state)).map((l) => l.provider)
    : [...new Set(linked.map((l) => l.provider))];
  if (!trouble && linked.length === 0) return <StatusWord tone="idle">Not linked</StatusWord>;
  return (
    <span className="src">
      <StatusWord tone={trouble?.[1] ?? (gone ? 'warn' : 'ok')}>
        {trouble?.[2] ?? (gone ? 'Deleted there' : 'Linked')}
      </StatusWord>
      {slugs.map((slug) => (
        <ProviderTile
          key={slug}
          name={providerName(providers, slug)}
          color={providers.find((p) => p.provider === slug)?.color}
        />
      ))}
    </span>
  );
}

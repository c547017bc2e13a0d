import type { LinkedRecord, ProviderStatus } from '../../api/schemas';
import { humanize } from '../../ui/figures';
import { ProviderTile } from '../../ui/provider-tile';
import { StatusWord } from '../../ui/status-word';

export const providerName = (providers: ProviderStatus[], slug: string) =>
  providers.find((p) => p.provider === slug)?.name ?? humanize(slug);

/** One word for all links of a contact, and a tile per provider. */
export function Links({ linked, providers }: { linked: LinkedRecord[]; providers: ProviderStatus[] }) {
  if (linked.length === 0) return <StatusWord tone="idle">Not linked</StatusWord>;
  const gone = linked.every((l) => l.state === 'gone');
  const slugs = [...new Set(linked.map((l) => l.provider))];
  return (
    <span className="src">
      <StatusWord tone={gone ? 'warn' : 'ok'}>{gone ? 'Deleted there' : 'Linked'}</StatusWord>
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

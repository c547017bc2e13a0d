import { useQuery } from '@tanstack/react-query';
import { forecastQuery } from '../../api/integrations';
import type { ProviderStatus, RunMode } from '../../api/schemas';
import { count, humanize } from '../../ui/figures';
import { Moment } from '../../ui/moment';
import { StatusWord } from '../../ui/status-word';
import { usePhone } from '../../ui/use-phone';
import { costWords, verdict } from './cost-words';
import { MOST } from './most';

type Props = { provider: ProviderStatus; mode: RunMode; selected: number };

/** What the import will cost at the provider, and whether it can end today: known before it starts. */
export function Cost({ provider, mode, selected }: Props) {
  const phone = usePhone();
  const fits = mode !== 'selective' || (selected > 0 && selected <= MOST);
  const { data } = useQuery({
    ...forecastQuery(provider.provider, mode, mode === 'selective' ? selected : undefined),
    enabled: fits && provider.connection?.state === 'active',
  });
  if (!provider.connection || !fits || !data) return null;
  const { tone, word, means } = verdict(data, provider.name);
  return (
    <section aria-label={`Cost at ${provider.name}`} data-testid="cost">
      {!phone && (
        <>
          <h2>Cost at {provider.name}</h2>
          <dl className="kv" style={{ marginTop: 8, marginBottom: 8 }}>
            <dt>Requests</dt>
            <dd>{costWords(data.requests, data.at_least)}</dd>
            {provider.budget_unit !== 'request' && (
              <>
                <dt>{humanize(provider.budget_unit)}s</dt>
                <dd>{costWords(data.tokens, data.at_least)}</dd>
              </>
            )}
            <dt>Left for imports today</dt>
            <dd>{count(data.left_for_imports)}</dd>
          </dl>
        </>
      )}
      <StatusWord tone={tone}>{word}</StatusWord>
      <p className="hint">
        {means}
        {data.fits === 'waits' && data.resets_at && (
          <>
            {' '}
            The day there ends <Moment at={data.resets_at} />, as it did before.
          </>
        )}
      </p>
    </section>
  );
}

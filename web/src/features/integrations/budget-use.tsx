import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ledgerQuery } from '../../api/integrations';
import type { ProviderStatus } from '../../api/schemas';
import { UseChart } from './use-chart';
import { UseTable } from './use-table';
import { takeaway } from './use-words';

/** What this company used of the account's budget. What others of the account use is not ours to know. */
export function BudgetUse({ provider }: { provider: ProviderStatus }) {
  const { data, isError } = useQuery(ledgerQuery(provider.provider));
  const [table, setTable] = useState(false);
  if (isError && !data) return <p className="wide">The use of the budget could not be loaded.</p>;
  if (!data) return null;
  const used = data.days.some((day) => day.requests > 0);
  return (
    <section className="wide budget-use" aria-label={`Budget used at ${provider.name}`}>
      <header>
        <h3>Budget used, last 14 days</h3>
        {used && (
          <Button variant="subtle" size="compact-sm" aria-pressed={table} onClick={() => setTable(!table)}>
            Show as table
          </Button>
        )}
      </header>
      <p className="hint" data-testid="budget-takeaway">
        {takeaway(data, provider.budget_unit)}
      </p>
      {used &&
        (table ? (
          <UseTable ledger={data} unit={provider.budget_unit} />
        ) : (
          <UseChart ledger={data} unit={provider.budget_unit} />
        ))}
    </section>
  );
}

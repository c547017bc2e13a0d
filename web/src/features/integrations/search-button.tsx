import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { capabilitiesQuery } from '../../api/crm-actions';
import type { ProviderStatus } from '../../api/schemas';
import { may, useSession } from '../../api/session';

const RecordSearch = lazy(() => import('./record-search').then((m) => ({ default: m.RecordSearch })));

/** Offered where the provider has a query language, the connection works and the role allows it. */
export function SearchButton({ provider: p }: { provider: ProviderStatus }) {
  const session = useSession();
  const [opened, open] = useState(false);
  const works = p.allowed && p.connection?.state === 'active' && may(session, 'see_all_contacts');
  const { data } = useQuery({ ...capabilitiesQuery(p.provider), enabled: works });
  const can = data?.actions.some((one) => one.action === 'search_records' && one.available);
  if (!works || !can || !data?.query_language) return null;
  return (
    <>
      <Button variant="default" onClick={() => open(true)}>
        Search in {data.query_language.name}
      </Button>
      {opened && (
        <Suspense fallback={null}>
          <RecordSearch provider={p} language={data.query_language} onClose={() => open(false)} />
        </Suspense>
      )}
    </>
  );
}

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { capabilitiesQuery } from '../../api/crm-actions';
import type { Contact, ProviderStatus } from '../../api/schemas';
import { may, useSession } from '../../api/session';

const CreateThere = lazy(() => import('./create-there').then((module) => ({ default: module.CreateThere })));

/** For somebody who is not at a CRM yet, where a stage can be said of who is new there. */
export function StageButton({ contact, provider: p }: { contact: Contact; provider: ProviderStatus }) {
  const session = useSession();
  const [opened, open] = useState(false);
  const works = may(session, 'work_contacts') && p.allowed && p.connection?.state === 'active';
  const { data } = useQuery({ ...capabilitiesQuery(p.provider), enabled: works });
  const can = data?.actions.some((a) => a.action === 'create_contact' && a.available);
  if (!works || !data || !can || !data.lifecycle.stages.some((s) => s.available)) return null;
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={() => open(true)}>
        Create with a stage
      </Button>
      {opened && (
        <Suspense fallback={null}>
          <CreateThere
            contact={contact}
            provider={p}
            lifecycle={data.lifecycle}
            onClose={() => open(false)}
          />
        </Suspense>
      )}
    </>
  );
}

import { Button, Menu } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { capabilitiesQuery } from '../../api/crm-actions';
import type { Contact, ProviderStatus } from '../../api/schemas';
import { may, useSession } from '../../api/session';
import { OFFERED, type Offered } from './crm-offers';

const AskCrm = lazy(() => import('./crm-ask').then((module) => ({ default: module.AskCrm })));

/** What can be done for this person at a CRM; nothing is offered that cannot work there. */
export function CrmMenu({ contact, provider: p }: { contact: Contact; provider: ProviderStatus }) {
  const session = useSession();
  const [asked, ask] = useState<Offered | null>(null);
  const works = may(session, 'work_contacts') && p.allowed && p.connection?.state === 'active';
  const { data } = useQuery({ ...capabilitiesQuery(p.provider), enabled: works });
  const can = (action: string) => data?.actions.some((a) => a.action === action && a.available);
  const offers = (Object.keys(OFFERED) as Offered[]).filter(can);
  if (!works || offers.length === 0) return null;
  return (
    <>
      <Menu position="bottom-start" shadow="md">
        <Menu.Target>
          <Button
            variant="default"
            size="compact-sm"
            rightSection={<IconChevronDown size={14} aria-hidden />}
          >
            In {p.name}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {offers.map((offer) => (
            <Menu.Item key={offer} onClick={() => ask(offer)}>
              {OFFERED[offer]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {asked && (
        <Suspense fallback={null}>
          <AskCrm contact={contact} provider={p} what={asked} onClose={() => ask(null)} />
        </Suspense>
      )}
    </>
  );
}

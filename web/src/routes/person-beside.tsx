import '../styles/record.css';
import { useState } from 'react';
import type { ProviderStatus } from '../api/schemas';
import { openLog } from '../features/activities/log-request';
import { ContactDrawer } from '../features/contacts/contact-drawer';
import { CrmStates } from '../features/deliveries/crm-states';
import { useFocusBack } from '../ui/use-focus-back';

type Props = { id: string; providers: ProviderStatus[]; onClose: () => void };

export function PersonBeside({ id, providers, onClose }: Props) {
  useFocusBack();
  const [asked, ask] = useState<{ field: string }>();
  return (
    <ContactDrawer
      id={id}
      asked={asked}
      crm={(contact) => (
        <CrmStates contact={contact} providers={providers} onEdit={(field) => ask({ field })} />
      )}
      onLog={openLog}
      onClose={onClose}
    />
  );
}

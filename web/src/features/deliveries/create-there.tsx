import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { createContactThere } from '../../api/crm-actions';
import type { Contact, ProviderStatus } from '../../api/schemas';
import { FormDialog } from '../../ui/form-dialog';
import { useFocusBack } from '../../ui/use-focus-back';
import { type Lifecycle, makes, STAGE, type Stage } from './lifecycle-words';
import { useCrmAsk } from './use-crm-ask';

type Props = { contact: Contact; provider: ProviderStatus; lifecycle: Lifecycle; onClose: () => void };

/** Makes somebody new at a CRM in a stage, and says before what that makes of them. */
export function CreateThere({ contact, provider: p, lifecycle, onClose }: Props) {
  const first = lifecycle.stages.find((s) => s.available)?.stage ?? 'lead';
  const [stage, choose] = useState<Stage>(first);
  const form = { contact_id: contact.id, lifecycle_stage: stage };
  const send = (key: string) => createContactThere(p.provider, key, form);
  const { busy, problem, refusal, go } = useCrmAsk(contact, send, onClose);
  useFocusBack();
  return (
    <FormDialog
      title={`Create ${contact.full_name} in ${p.name}`}
      onClose={onClose}
      go={go}
      busy={busy}
      problem={problem}
      words={{ go: 'Create', stay: 'Cancel' }}
    >
      {refusal}
      <NativeSelect
        label="Stage"
        value={stage}
        description={makes(lifecycle, stage, p.name)}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        error={problem?.fields?.lifecycle_stage}
        onChange={(event) => choose(event.currentTarget.value as Stage)}
        data={lifecycle.stages.map((s) => ({
          value: s.stage,
          label: STAGE[s.stage],
          disabled: !s.available,
        }))}
        data-autofocus
      />
    </FormDialog>
  );
}

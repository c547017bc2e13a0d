import { Button, Modal, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { createContactThere } from '../../api/crm-actions';
import { refreshDeliveries } from '../../api/deliveries';
import type { Contact, Delivery, ProviderStatus } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { toast } from '../../ui/toast';
import { useFocusBack } from '../../ui/use-focus-back';
import { type Lifecycle, makes, STAGE, type Stage } from './lifecycle-words';
import { story } from './words';

type Props = { contact: Contact; provider: ProviderStatus; lifecycle: Lifecycle; onClose: () => void };

/** Makes somebody new at a CRM in a stage, and says before what that makes of them. */
export function CreateThere({ contact, provider: p, lifecycle, onClose }: Props) {
  const [key, newKey] = useState(() => crypto.randomUUID());
  const first = lifecycle.stages.find((s) => s.available)?.stage ?? 'lead';
  const [stage, choose] = useState<Stage>(first);
  const [refused, refuse] = useState<Delivery | null>(null);
  const { busy, problem, submit } = useSubmit();
  useFocusBack();
  const go = () =>
    submit(async () => {
      refuse(null);
      const form = { contact_id: contact.id, lifecycle_stage: stage };
      const { delivery, state } = await createContactThere(p.provider, key, form);
      await refreshDeliveries();
      newKey(crypto.randomUUID());
      if (state === 'failed') return refuse(delivery);
      toast({ title: story(delivery), words: contact.full_name, to: `/sync-logs/deliveries/${delivery.id}` });
      onClose();
    });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Create ${contact.full_name} in ${p.name}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        {problem && (
          <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />
        )}
        {refused && <FormProblem key={refused.id} title={story(refused)} />}
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
        <div className="row-acts">
          <Button type="submit" loading={busy}>
            Create
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}

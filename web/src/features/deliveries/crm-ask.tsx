import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { capabilitiesQuery, createDeal, createNote, createTask } from '../../api/crm-actions';
import type { Contact, ProviderStatus } from '../../api/schemas';
import { fieldTime } from '../../ui/days';
import { FormDialog } from '../../ui/form-dialog';
import { useFocusBack } from '../../ui/use-focus-back';
import { OFFERED, type Offered } from './crm-offers';
import { useCrmAsk } from './use-crm-ask';

type Props = { contact: Contact; provider: ProviderStatus; what: Offered; onClose: () => void };

const tomorrow = () => fieldTime(new Date(Date.now() + 86_400_000));

/** Describes one thing, has it done at the CRM and says what became of it. */
export function AskCrm({ contact, provider: p, what, onClose }: Props) {
  const [text, write] = useState('');
  const [at, setAt] = useState(tomorrow);
  const [amount, setAmount] = useState('');
  const [stage, setStage] = useState('');
  const deal = what === 'create_deal';
  const { data } = useQuery({ ...capabilitiesQuery(p.provider, true), enabled: deal });
  useFocusBack();
  const send = (key: string) => {
    const of = { contact_id: contact.id };
    if (what === 'create_note') return createNote(p.provider, key, { ...of, text });
    if (what === 'create_task') {
      return createTask(p.provider, key, { ...of, subject: text, due_at: new Date(at).toISOString() });
    }
    return createDeal(p.provider, key, {
      ...of,
      title: text,
      amount: amount.trim() === '' ? undefined : amount.trim(),
      stage: stage === '' ? undefined : stage,
    });
  };
  const { busy, problem, refusal, go } = useCrmAsk(contact, send, onClose);
  const error = (field: string) => problem?.fields?.[field];
  return (
    <FormDialog
      title={`${OFFERED[what]} in ${p.name}`}
      onClose={onClose}
      go={go}
      busy={busy}
      problem={problem}
      words={{ go: OFFERED[what], stay: 'Cancel' }}
    >
      {refusal}
      {what === 'create_note' ? (
        <Textarea
          label="Note"
          required
          withAsterisk={false}
          autosize
          minRows={4}
          maxLength={30_000}
          value={text}
          error={error('text')}
          onChange={(e) => write(e.currentTarget.value)}
          data-autofocus
        />
      ) : (
        <TextInput
          label={deal ? 'Title' : 'What is to be done'}
          required
          withAsterisk={false}
          maxLength={255}
          value={text}
          error={error(deal ? 'title' : 'subject')}
          onChange={(e) => write(e.currentTarget.value)}
          data-autofocus
        />
      )}
      {what === 'create_task' && (
        <TextInput
          label="Due"
          type="datetime-local"
          required
          withAsterisk={false}
          max="2099-12-31T23:59"
          value={at}
          error={error('due_at')}
          onChange={(e) => setAt(e.currentTarget.value || at)}
        />
      )}
      {deal && (
        <TextInput
          label="Amount"
          description="In the currency of the account, such as 1200.50. May be left out."
          inputMode="decimal"
          value={amount}
          error={error('amount')}
          onChange={(e) => setAmount(e.currentTarget.value)}
        />
      )}
      {deal && (data?.stages?.length ?? 0) > 0 && (
        <NativeSelect
          label="Stage"
          value={stage}
          error={error('stage')}
          onChange={(e) => setStage(e.currentTarget.value)}
          data={[
            { value: '', label: 'The first one' },
            ...(data?.stages ?? []).map((s) => ({
              value: s.id,
              label: s.pipeline_name ? `${s.name} (${s.pipeline_name})` : s.name,
            })),
          ]}
        />
      )}
    </FormDialog>
  );
}

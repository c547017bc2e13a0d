import { Button, Modal, MultiSelect, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { createCampaign, refreshCampaigns, updateCampaign } from '../../api/campaigns';
import { membersQuery } from '../../api/contacts';
import type { Campaign } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { useFocusBack } from '../../ui/use-focus-back';
import { usePhone } from '../../ui/use-phone';

type Props = {
  campaign?: Campaign;
  onClose: () => void;
  onSaved: (campaign: Campaign) => void;
};

const start = (c: Campaign | undefined) => ({
  name: c?.name ?? '',
  description: c?.description ?? '',
  sector: c?.sector ?? '',
  theme: c?.theme ?? '',
  starts_on: c?.starts_on ?? '',
  ends_on: c?.ends_on ?? '',
});

/** A new campaign, or one that is changed; there while it is open. What was typed survives a refusal. */
export function CampaignForm({ onClose, ...rest }: Props) {
  const phone = usePhone();
  useFocusBack();
  return (
    <Modal
      opened
      onClose={onClose}
      title={rest.campaign ? `Edit ${rest.campaign.name}` : 'New campaign'}
      fullScreen={phone}
      size={520}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Fields {...rest} onClose={onClose} />
    </Modal>
  );
}

function Fields({ campaign, onClose, onSaved }: Props) {
  const { data: members } = useQuery(membersQuery);
  const [form, setForm] = useState(() => start(campaign));
  const [people, setPeople] = useState(() => campaign?.people.map((p) => p.member_id) ?? []);
  const { busy, problem, submit } = useSubmit();
  const field = (name: keyof typeof form) => ({
    name,
    value: form[name],
    error: problem?.fields[name],
    onChange: (e: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      const { value } = e.currentTarget;
      setForm((f) => ({ ...f, [name]: value }));
    },
  });
  const save = () =>
    submit(async () => {
      const { starts_on, ends_on } = form;
      const body = { ...form, starts_on: starts_on || null, ends_on: ends_on || null, member_ids: people };
      const saved = campaign ? await updateCampaign(campaign.id, body) : await createCampaign(body);
      await refreshCampaigns();
      onSaved(saved);
    });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {problem && (
        <FormProblem
          key={problem.message}
          title={problem.message}
          requestId={problem.status >= 500 ? problem.requestId : null}
        />
      )}
      <TextInput
        label="Name"
        required
        withAsterisk={false}
        maxLength={120}
        data-autofocus
        autoComplete="off"
        {...field('name')}
      />
      <Textarea label="Description" rows={3} {...field('description')} />
      <div className="pair">
        <TextInput
          label="Sector"
          placeholder="Retail"
          maxLength={120}
          autoComplete="off"
          {...field('sector')}
        />
        <TextInput
          label="Theme"
          placeholder="Autumn fair"
          maxLength={120}
          autoComplete="off"
          {...field('theme')}
        />
        <TextInput label="First day" type="date" max="9999-12-31" {...field('starts_on')} />
        <TextInput label="Last day" type="date" max="9999-12-31" {...field('ends_on')} />
      </div>
      <MultiSelect
        label="People"
        description="Who works on it"
        data={(members?.items ?? []).map((m) => ({ value: m.id, label: m.name }))}
        value={people}
        onChange={setPeople}
        error={problem?.fields.member_ids}
        searchable
        nothingFoundMessage="Nobody of that name"
      />
      <div className="row-acts">
        <Button type="submit" loading={busy}>
          {campaign ? 'Save campaign' : 'Create campaign'}
        </Button>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

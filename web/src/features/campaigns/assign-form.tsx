import { Button, Modal, NativeSelect, Textarea } from '@mantine/core';
import { useState } from 'react';
import { assignContacts, refreshCampaigns } from '../../api/campaigns';
import type { ActivityKind, Campaign, CampaignAssigned } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { LinkButton } from '../../ui/link-button';
import { toast } from '../../ui/toast';
import { usePhone } from '../../ui/use-phone';
import { AssignedResult } from './assigned-result';
import { assignedWords, OUTREACH } from './words';

type Props = { campaign: Campaign; opened: boolean; onClose: () => void };

/** Addresses as they were copied from somewhere; each is accounted for. */
export function AssignForm({ campaign, opened, onClose }: Props) {
  const phone = usePhone();
  const [text, setText] = useState('');
  const [outreach, setOutreach] = useState('');
  const [told, tell] = useState<CampaignAssigned | null>(null);
  const { busy, problem, submit, clear } = useSubmit();
  const close = () => {
    clear();
    tell(null);
    onClose();
  };
  const assign = () =>
    submit(async () => {
      const method = OUTREACH.find((o) => o.value === outreach)?.value as ActivityKind | undefined;
      const result = await assignContacts(campaign.id, { emails: text, outreach: method });
      await refreshCampaigns();
      setText('');
      if (result.not_found.length + result.unreadable.length > 0) return tell(result);
      toast({ title: assignedWords(result, campaign.name) });
      close();
    });
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={`Add contacts to ${campaign.name}`}
      fullScreen={phone}
      size={520}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {told ? (
        <AssignedResult told={told} campaign={campaign.name} onAgain={() => tell(null)} onClose={close} />
      ) : (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            void assign();
          }}
        >
          {problem && (
            <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />
          )}
          <Textarea
            label="E-mail addresses"
            description="Paste a column of a spreadsheet or the recipients of a mail: names and signs around the addresses do no harm."
            rows={8}
            required
            withAsterisk={false}
            data-autofocus
            spellCheck={false}
            value={text}
            error={problem?.fields.emails}
            onChange={(e) => setText(e.currentTarget.value)}
          />
          <NativeSelect
            label="Reach them by"
            value={outreach}
            onChange={(e) => setOutreach(e.currentTarget.value)}
            data={[{ value: '', label: 'Not decided' }, ...OUTREACH]}
          />
          <div className="row-acts">
            <Button type="submit" loading={busy}>
              Add contacts
            </Button>
            <LinkButton to="/contacts" variant="default">
              Choose in the contact list
            </LinkButton>
          </div>
        </form>
      )}
    </Modal>
  );
}

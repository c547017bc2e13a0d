import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { campaignNames } from '../../api/campaigns';
import { useSubmit } from '../../api/use-submit';
import { ChoiceChips } from '../../ui/choice-chips';
import { FormProblem } from '../../ui/form-problem';
import { ContactPicker } from './contact-picker';
import { blank, type Draft, fromActivity, isAhead, isEmpty } from './draft';
import { dropDraft, keepDraft, takeDraft } from './kept-draft';
import { KIND_WORDS } from './kind-words';
import { KINDS, subjectOf } from './kinds';
import type { LogRequest } from './log-request';
import { logNew, saveEdit } from './save';
import { WhenFields } from './when-fields';

const NEXT = [
  { value: 0, label: 'None' },
  { value: 1, label: 'Tomorrow' },
  { value: 3, label: 'In 3 days' },
  { value: 7, label: 'In a week' },
];

type Props = { request: LogRequest; of: string; onDone: () => void };

export function LogForm({ request, of, onDone }: Props) {
  const { activity } = request;
  const [kept] = useState(() => (activity ? null : takeDraft(of, request.contact)));
  const [draft, setDraft] = useState<Draft>(() =>
    activity ? fromActivity(activity) : (kept ?? blank(request.contact)),
  );
  const { busy, problem, submit } = useSubmit();
  const { data: campaigns } = useQuery(campaignNames);
  const change = (part: Partial<Draft>) => setDraft((d) => ({ ...d, ...part }));
  useEffect(() => {
    if (!activity) keepDraft(of, draft);
  }, [activity, draft, of]);

  if (!draft.contact)
    return <ContactPicker label="Whom was it with?" onPick={(contact) => change({ contact })} autoFocus />;
  const { contact, kind } = draft;
  const save = () =>
    submit(async () => {
      if (activity) await saveEdit(activity, draft);
      else {
        await logNew(draft, contact, of);
        dropDraft();
      }
      onDone();
    });
  const word = KINDS[kind].word;
  const verb = !isAhead(draft) ? 'Log' : kind === 'MEETING' ? 'Book' : 'Plan';
  return (
    <form
      className="log-form"
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
      <p className="with">
        With <b>{contact.full_name}</b>
        {!activity && (
          <button type="button" className="link" onClick={() => change({ contact: null })}>
            Change
          </button>
        )}
        {kept && !isEmpty(draft) && (
          <button
            type="button"
            className="link"
            onClick={() => setDraft({ ...blank(contact), kind: draft.kind })}
          >
            Discard draft
          </button>
        )}
      </p>
      <ChoiceChips
        label="Kind"
        name="kind"
        value={kind}
        focusFirst
        onChange={(value) => change({ kind: value, ...(isOutcome(draft) && { subject: '' }) })}
        options={KIND_WORDS.map((value) => {
          const { icon: Icon, word: label } = KINDS[value];
          return { value, label, icon: <Icon size={15} stroke={1.8} aria-hidden /> };
        })}
      />
      <div className="outcome">
        <TextInput
          label="Outcome or subject"
          placeholder={word}
          maxLength={255}
          autoComplete="off"
          value={draft.subject}
          error={problem?.fields.subject}
          onChange={(e) => change({ subject: e.currentTarget.value })}
        />
        <fieldset aria-label="Quick outcomes">
          {KINDS[kind].outcomes.map((outcome) => {
            const subject = subjectOf(kind, outcome);
            const on = draft.subject === subject;
            return (
              <button
                key={outcome}
                type="button"
                className="chip"
                aria-pressed={on}
                onClick={() => change({ subject: on ? '' : subject })}
              >
                {outcome}
              </button>
            );
          })}
        </fieldset>
      </div>
      <Textarea
        label="Note"
        autosize={false}
        rows={3}
        value={draft.note}
        error={problem?.fields.note}
        onChange={(e) => change({ note: e.currentTarget.value })}
      />
      {campaigns && campaigns.items.length > 0 && (
        <NativeSelect
          label="Campaign"
          value={draft.campaign}
          error={problem?.fields.campaign_id}
          onChange={(e) => change({ campaign: e.currentTarget.value })}
          data={[
            { value: '', label: 'None' },
            ...campaigns.items.map((c) => ({ value: c.id, label: c.name })),
          ]}
        />
      )}
      <WhenFields draft={draft} error={problem?.fields.due_at} onChange={change} />
      {!activity && (
        <ChoiceChips
          label="Next step"
          name="next"
          value={draft.next}
          onChange={(next) => change({ next })}
          options={NEXT}
        />
      )}
      <div className="log-acts">
        <Button type="submit" loading={busy}>
          {activity ? 'Save changes' : `${verb} ${kind === 'LINKEDIN' ? 'LinkedIn' : word.toLowerCase()}`}
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** A quick outcome of one kind means nothing for another. */
const isOutcome = ({ kind, subject }: Draft) =>
  KINDS[kind].outcomes.some((o) => subjectOf(kind, o) === subject);

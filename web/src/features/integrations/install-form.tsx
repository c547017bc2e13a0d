import { Button, NativeSelect, Radio } from '@mantine/core';
import { useState } from 'react';
import { confirmInstallation, declineInstallation } from '../../api/installation';
import type { Installation, OtherUser, Session } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { humanize } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';
import { canConfirm, effectWords, until, whose } from './install-words';

type Props = {
  installation: Installation;
  session: Session;
  onSwitch: (company: string) => Promise<void>;
  onDone: (outcome: 'connected' | 'kept') => void;
  onDeclined: () => void;
};

/** Whose access waits, where it would go, and the two answers. */
export function InstallForm({ installation: i, session, onSwitch, onDone, onDeclined }: Props) {
  const { busy, problem, submit } = useSubmit();
  const [chosen, setChosen] = useState<OtherUser | null>(null);
  const { company, companies, member } = session;
  const { here } = i;
  if (!here) return null;
  const confirm = () =>
    submit(async () => {
      const done = await confirmInstallation(i.id, here.member_id, chosen ?? undefined);
      onDone(done.outcome);
    });
  const decline = () =>
    submit(async () => {
      await declineInstallation(i.id);
      onDeclined();
    });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void confirm();
      }}
    >
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      <dl className="facts">
        <dt>Account</dt>
        <dd>{[i.account_name, i.account_domain].filter(Boolean).join(', ')}</dd>
        <dt>User there</dt>
        <dd>
          {i.account_user ?? 'Unknown'}
          {i.account_admin ? ', an administrator' : ', not an administrator: Tandem sees what they see'}
        </dd>
        <dt>You</dt>
        <dd>
          {session.user.name}, {humanize(member.role).toLowerCase()}
        </dd>
      </dl>
      {companies.length > 1 ? (
        <NativeSelect
          label="Company"
          value={company.id}
          data={companies.map((c) => ({ value: c.id, label: c.name }))}
          onChange={(e) => {
            const { value } = e.currentTarget;
            void submit(() => onSwitch(value));
          }}
        />
      ) : (
        <p>
          Company: <b>{company.name}</b>
        </p>
      )}
      <p>{effectWords(i, company.name)}</p>
      {here.effect === 'other_user' && here.may && here.allowed && (
        <Radio.Group
          label={`Who ${company.name} works as`}
          value={chosen ?? ''}
          onChange={(value) => setChosen(value as OtherUser)}
        >
          <div className="stackv">
            <Radio value="keep" label={`Keep ${here.connected_user ?? 'the user of now'}`} />
            <Radio value="replace" label={`Replace them with ${i.account_user ?? 'this user'}`} />
          </div>
        </Radio.Group>
      )}
      <Barred installation={i} />
      <div className="row-acts">
        <Button type="submit" loading={busy} disabled={!canConfirm(here, chosen)}>
          {chosen === 'keep' ? 'Keep it as it is' : `Connect ${whose(i)} to ${company.name}`}
        </Button>
        <Button variant="default" disabled={busy} onClick={() => void decline()}>
          Do not connect
        </Button>
      </div>
      <p className="hint">{until(i)}</p>
    </form>
  );
}

/** What stands between this person and a yes. */
function Barred({ installation: { here, provider, name } }: { installation: Installation }) {
  if (!here?.may)
    return (
      <p role="status">
        Your role does not include connecting a CRM. Ask an owner or admin to install it from their browser.
      </p>
    );
  if (here.allowed) return null;
  const plan = here.upgrade_to;
  const query = new URLSearchParams({ ...(plan && { plan }), from: provider });
  return (
    <p role="status">
      Your plan does not include {name}.{' '}
      <a href={`/billing?${query}`} target="_blank" rel="noreferrer">
        {plan ? `Upgrade to ${humanize(plan)}` : 'Compare plans'} in a new tab
      </a>
      ; the install waits here meanwhile.
    </p>
  );
}

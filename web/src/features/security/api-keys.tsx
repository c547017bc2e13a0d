import { Button, Code, CopyButton, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ApiKey } from '../../api/schemas';
import { apiKeysQuery, createApiKey, refreshSecurity, revokeApiKey } from '../../api/security';
import { useSession } from '../../api/session';
import { useSubmit } from '../../api/use-submit';
import { exact, humanize } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';
import { Moment } from '../../ui/moment';
import { StatusWord } from '../../ui/status-word';
import { toast } from '../../ui/toast';

const LIVES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
  { value: '', label: 'Until it is revoked' },
];
const DAY_MS = 86_400_000;

export function ApiKeys() {
  const { data } = useQuery(apiKeysQuery);
  const { busy, problem, submit } = useSubmit();
  const [making, make] = useState(false);
  const items = data?.items ?? [];
  const revoke = (key: ApiKey) =>
    void submit(async () => {
      await revokeApiKey(key.id);
      toast({ title: `${key.name} opens nothing any more` });
      await refreshSecurity();
    });
  return (
    <section className="section" aria-label="API keys">
      <h2>API keys</h2>
      <p className="hint">For scripts. A key acts as whoever made it and goes when they leave.</p>
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      {items.length > 0 && (
        <ul className="rows">
          {items.map((key) => (
            <li key={key.id}>
              <div>
                <b>{key.name}</b> <span className="mono dim">{key.hint}…</span>
                <small>
                  {humanize(key.role)}, of {key.member.name}, used{' '}
                  <Moment at={key.last_used_at} none="never" />
                  {key.expires_at && !key.expired && `, until ${exact(key.expires_at)}`}
                </small>
                {key.expired && <StatusWord tone="warn">Expired</StatusWord>}
              </div>
              <Button
                variant="subtle"
                color="gray"
                size="compact-sm"
                disabled={busy}
                aria-label={`Revoke ${key.name}`}
                onClick={() => revoke(key)}
              >
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      <div className="row-acts">
        <Button variant="default" onClick={() => make(true)}>
          Make a key
        </Button>
      </div>
      <Modal
        opened={making}
        onClose={() => make(false)}
        closeOnClickOutside={false}
        title="Make an API key"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <NewKey onClose={() => make(false)} />
      </Modal>
    </section>
  );
}

function NewKey({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const { busy, problem, submit } = useSubmit();
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  const [secret, setSecret] = useState<string | null>(null);
  if (secret)
    return (
      <div className="stackv">
        <p className="hint">Keep it now: nobody can show it again.</p>
        <Code block className="break">
          {secret}
        </Code>
        <div className="row-acts">
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>I have kept it</Button>
        </div>
      </div>
    );
  const go = () =>
    submit(async () => {
      const until = days ? new Date(Date.now() + Number(days) * DAY_MS).toISOString() : undefined;
      setSecret((await createApiKey(name.trim(), session.member.role, until)).secret);
      await refreshSecurity();
    });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}
    >
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      <TextInput
        label="What it is for"
        data-autofocus
        required
        withAsterisk={false}
        autoComplete="off"
        value={name}
        error={problem?.fields.name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <NativeSelect
        label="It lives"
        data={LIVES}
        value={days}
        onChange={(e) => setDays(e.currentTarget.value)}
      />
      <div className="row-acts">
        <Button type="submit" loading={busy}>
          Make the key
        </Button>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

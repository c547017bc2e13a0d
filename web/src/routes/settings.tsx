import { Button, Checkbox, SegmentedControl, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { statusQuery } from '../api/integrations';
import { askReset, may, signOut, switchCompany, useSession } from '../api/session';
import { useSubmit } from '../api/use-submit';
import { ReminderMail } from '../features/activities/reminder-mail';
import { LeadSettings } from '../features/company/lead-settings';
import { SendWarm } from '../features/integrations/send-warm';
import { SINGLE_KEYS } from '../features/session/shortcuts';
import { THEMES } from '../features/session/themes';
import { humanize } from '../ui/figures';
import { FormProblem } from '../ui/form-problem';
import { PageHead } from '../ui/page-head';
import { usePreference } from '../ui/preference';
import { toast } from '../ui/toast';
import { SettingsTabs } from './settings-tabs';

export function SettingsRoute() {
  const session = useSession();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { busy, problem, submit } = useSubmit();
  const { data: status } = useQuery(statusQuery);
  const [keys, setKeys] = usePreference(SINGLE_KEYS);
  return (
    <>
      <PageHead title="Settings" />
      <SettingsTabs />
      <div className="body">
        <div className="settings">
          {problem && (
            <div className="section">
              <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />
            </div>
          )}
          <section className="section">
            <h2>Profile</h2>
            <dl className="facts">
              <dt>Name</dt>
              <dd>{session.user.name}</dd>
              <dt>Email</dt>
              <dd>{session.user.email}</dd>
              <dt>Role</dt>
              <dd>
                {humanize(session.member.role)} of {session.company.name}
              </dd>
            </dl>
            <div className="row-acts">
              <Button
                variant="default"
                loading={busy}
                onClick={() =>
                  void submit(async () => {
                    await askReset(session.user.email);
                    toast({
                      title: 'Check your mail',
                      message: 'A link to set a new password is on its way.',
                    });
                  })
                }
              >
                Change password by mail
              </Button>
            </div>
          </section>
          <section className="section">
            <h2 id="theme-label">Theme</h2>
            <div>
              <SegmentedControl
                aria-labelledby="theme-label"
                value={colorScheme}
                onChange={(value) => setColorScheme(value as typeof colorScheme)}
                data={THEMES.map(({ value, label }) => ({ value, label }))}
              />
            </div>
          </section>
          <section className="section">
            <h2>Keyboard</h2>
            <Checkbox
              label="Single-key shortcuts"
              description="L logs an activity, ? lists all. Turn them off when a tool of yours sends keys by itself."
              checked={keys}
              onChange={(e) => setKeys(e.currentTarget.checked)}
            />
          </section>
          {may(session, 'log_activities') && <ReminderMail />}
          <LeadSettings
            offers={(status?.providers ?? [])
              .filter((p) => p.connection && p.connection.state !== 'disconnected')
              .map((p) => <SendWarm key={p.provider} provider={p.provider} name={p.name} />)}
          />
          <section className="section">
            <h2>Company</h2>
            <dl className="facts">
              {session.companies.map((c) => (
                <div key={c.id} style={{ display: 'contents' }}>
                  <dt>{humanize(c.role)}</dt>
                  <dd className="row-acts">
                    {c.name}
                    {c.id === session.company.id ? (
                      <span className="dim">current</span>
                    ) : (
                      <Button
                        variant="default"
                        size="compact-sm"
                        onClick={() =>
                          void submit(async () => {
                            await switchCompany(c.id);
                            await navigate({ to: '/contacts' });
                          })
                        }
                      >
                        Switch to {c.name}
                      </Button>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
          <section className="section">
            <h2>Session</h2>
            <div className="row-acts">
              <Button
                variant="default"
                onClick={() =>
                  void submit(async () => {
                    await navigate({ to: '/signin' });
                    await signOut();
                  })
                }
              >
                Sign out
              </Button>
            </div>
          </section>
        </div>
      </div>
    </>
  );
}

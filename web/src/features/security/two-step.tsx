import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { secondFactorQuery } from '../../api/security';
import { counted } from '../../ui/figures';
import { Moment } from '../../ui/moment';
import { StatusWord } from '../../ui/status-word';
import { Change } from './change';
import { SetUp } from './set-up';

const TITLES = {
  'set-up': 'Turn on two-step sign-in',
  renew: 'New recovery codes',
  end: 'Turn off two-step sign-in',
};

export function TwoStep() {
  const { data } = useQuery(secondFactorQuery);
  const [doing, setDoing] = useState<keyof typeof TITLES | null>(null);
  const close = () => setDoing(null);
  if (!data) return null;
  return (
    <section className="section" aria-label="Two-step sign-in">
      <h2>Two-step sign-in</h2>
      {data.since ? (
        <>
          <p className="hint">
            <StatusWord tone="ok">On</StatusWord> since <Moment at={data.since} />. Signing in asks for a code
            of your authenticator app.
          </p>
          <p className="hint">
            {data.codes_left > 3 ? (
              <>{counted(data.codes_left, 'recovery code', 'recovery codes')} left.</>
            ) : (
              <StatusWord tone="warn">
                {counted(data.codes_left, 'recovery code', 'recovery codes')} left: make new ones
              </StatusWord>
            )}
          </p>
          <div className="row-acts">
            <Button variant="default" onClick={() => setDoing('renew')}>
              New recovery codes
            </Button>
            <Button variant="subtle" color="gray" onClick={() => setDoing('end')}>
              Turn it off
            </Button>
          </div>
        </>
      ) : (
        <>
          <p className="hint">
            A code of an app on your phone beside the password: a password that leaked lets nobody in.
          </p>
          <div className="row-acts">
            <Button variant="default" onClick={() => setDoing('set-up')}>
              Turn it on
            </Button>
          </div>
        </>
      )}
      <Modal
        opened={doing !== null}
        onClose={close}
        // Codes that were shown are kept deliberately, not lost by a click beside them.
        closeOnClickOutside={false}
        title={doing ? TITLES[doing] : ''}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {doing === 'set-up' && <SetUp onClose={close} />}
        {(doing === 'renew' || doing === 'end') && <Change what={doing} onClose={close} />}
      </Modal>
    </section>
  );
}

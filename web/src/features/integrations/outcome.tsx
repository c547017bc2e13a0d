import { Button } from '@mantine/core';
import { Banner } from '../../ui/banner';
import { LinkButton } from '../../ui/link-button';
import { reasonWords } from './reasons';

type Props = { name: string; reason: string | undefined; onDismiss: () => void };

/** How the trip to the provider ended, when it did not end well. */
export function ConnectOutcome({ name, reason, onDismiss }: Props) {
  const { title, next } = reasonWords(reason, name);
  return (
    <div role="alert">
      <Banner
        tone={reason === 'denied' ? 'warn' : 'bad'}
        label="Connecting did not work"
        title={title}
        actions={
          <>
            {reason === 'plan' && (
              <LinkButton to="/billing" size="compact-sm">
                Compare plans
              </LinkButton>
            )}
            <Button variant="default" size="compact-sm" onClick={onDismiss}>
              Dismiss
            </Button>
          </>
        }
      >
        {next}
      </Banner>
    </div>
  );
}

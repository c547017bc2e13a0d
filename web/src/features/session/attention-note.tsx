import { Button } from '@mantine/core';
import { connectUrl } from '../../api/integrations';
import { may, useSession } from '../../api/session';
import { Banner } from '../../ui/banner';
import { LinkButton } from '../../ui/link-button';

/** The one connection that needs somebody most; loaded when there is one. */
export function AttentionNote() {
  const session = useSession();
  const first = session.attention.find((a) => a.kind === 'needs_reconnect') ?? session.attention[0];
  if (!first) return null;
  const manages = may(session, 'manage_connections');
  const more = session.attention.length - 1;
  const rest = more > 0 ? ` ${more} more on the integrations page.` : '';
  return (
    <div className="shell-note">
      {first.kind === 'needs_reconnect' ? (
        <Banner
          tone="bad"
          slim
          label="Connection needs attention"
          title={`${first.name} needs to be connected again`}
          actions={
            manages && (
              <Button
                component="a"
                href={connectUrl(first.provider)}
                aria-label={`Reconnect ${first.name}`}
                size="compact-sm"
              >
                Reconnect
              </Button>
            )
          }
        >
          Nothing is imported until then; your contacts and links stay.
          {!manages && ' Ask an owner or admin of your company to reconnect it.'}
          {rest}
        </Banner>
      ) : first.kind === 'uninstalled' ? (
        <Banner
          tone="warn"
          slim
          label="The app was uninstalled"
          title={`Tandem was uninstalled in ${first.name}`}
          actions={
            <LinkButton to="/integrations" size="compact-sm" variant="default">
              See what to do
            </LinkButton>
          }
        >
          Our access was destroyed and nothing runs; your contacts and links stay.
          {!manages && ' Ask an owner or admin of your company to connect it again.'}
          {rest}
        </Banner>
      ) : (
        <Banner
          tone="warn"
          slim
          label="Connection is paused"
          title={`${first.name} is paused`}
          actions={
            <LinkButton to="/integrations" size="compact-sm" variant="default">
              See what to do
            </LinkButton>
          }
        >
          Nothing was deleted, and nothing runs while it is paused.{rest}
        </Banner>
      )}
    </div>
  );
}

import { useQuery } from '@tanstack/react-query';
import { billingQuery } from '../../api/billing';
import { membersQuery } from '../../api/contacts';
import { may, useSession } from '../../api/session';
import { Banner } from '../../ui/banner';
import { humanize } from '../../ui/figures';
import { LinkButton } from '../../ui/link-button';

/** In place of what the plan lacks: what is missing, who can change it, and the way there and back. */
export function UpgradeCall({ plan, from, fromName }: { plan: string; from?: string; fromName?: string }) {
  const session = useSession();
  const { data } = useQuery(billingQuery);
  const { data: members } = useQuery(membersQuery);
  const wanted = data?.plans.find((p) => p.id === plan);
  const name = wanted?.name ?? humanize(plan);
  const owners = (members?.items ?? []).filter((m) => m.role === 'owner').map((m) => m.name);
  const changes = may(session, 'change_plan');
  return (
    <Banner
      tone="note"
      label="Upgrade"
      title={`${fromName ? `Importing from ${fromName}` : 'Connecting a CRM'} is part of the ${name} plan`}
      actions={
        changes && (
          <LinkButton to="/billing" search={{ plan, from }}>
            Upgrade to {name}
          </LinkButton>
        )
      }
    >
      Your company is on the {humanize(session.company.plan)} plan
      {wanted && `; ${name} costs ${wanted.price_words}`}.{' '}
      {!changes && `Ask ${owners.join(' or ') || 'the owner of your company'} to change it.`}
    </Banner>
  );
}

import { IconSelector } from '@tabler/icons-react';
import { type ComponentProps, lazy, Suspense } from 'react';
import { useSession } from '../../api/session';
import { Avatar } from '../../ui/avatar';
import { useSoon } from '../../ui/use-soon';

const load = () => import('./account-items');
const AccountItems = lazy(() => load().then((m) => ({ default: m.AccountItems })));

export function AccountMenu({ compact }: { compact?: boolean }) {
  const { wanted, button } = useSoon(load);
  const plain = <Account {...button} compact={compact} />;
  if (!wanted) return plain;
  return (
    <Suspense fallback={plain}>
      <AccountItems target={(ref) => <Account ref={ref} compact={compact} />} compact={compact} />
    </Suspense>
  );
}

function Account({ compact, className, ...button }: ComponentProps<'button'> & { compact?: boolean }) {
  const { user, company } = useSession();
  return (
    <button
      type="button"
      {...button}
      className={`account ${className ?? ''}`}
      aria-label={`Account of ${user.name}, ${company.name}`}
    >
      <Avatar name={user.name} />
      {!compact && (
        <>
          <span>
            <b>{user.name}</b>
            <small>{company.name}</small>
          </span>
          <IconSelector size={15} aria-hidden />
        </>
      )}
    </button>
  );
}

import { VisuallyHidden } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { statusQuery } from '../../api/integrations';
import { dueQuery } from '../../api/reminders';
import { may, useSession } from '../../api/session';
import { count, counted, humanize } from '../../ui/figures';
import { AccountMenu } from './account-menu';
import { NoticeBell } from './notice-bell';
import { GROUPS, PAGES, TABS } from './pages';
import { openPalette } from './palette-request';

const needWords = (n: number) => `${n === 1 ? 'delivery needs' : 'deliveries need'} you`;

export function Alert({ n }: { n: number }) {
  if (n === 0) return null;
  const words = `${counted(n, 'connection needs', 'connections need')} attention`;
  return <span className="alert" role="img" aria-label={words} title={words} />;
}

/** Deliveries that somebody has to do something about, over all connections. */
function useFailing(): number {
  const { data } = useQuery(statusQuery);
  return (data?.providers ?? []).reduce((n, p) => n + (p.connection?.deliveries.failing ?? 0), 0);
}

/** Next steps for today, where they are worked through. */
function DueCount({ className }: { className: string }) {
  const session = useSession();
  const { data } = useQuery({ ...dueQuery(session.member.id), enabled: may(session, 'log_activities') });
  const n = data?.items.length ?? 0;
  if (n === 0) return null;
  const shown = data?.more ? `${count(n)}+` : count(n);
  const words = n === 1 && !data?.more ? 'next step due' : 'next steps due';
  return (
    <span className={className} title={`${shown} ${words}`}>
      {shown}
      <VisuallyHidden> {words}</VisuallyHidden>
    </span>
  );
}

export function Rail() {
  const failing = useFailing();
  const session = useSession();
  return (
    <aside className="rail" aria-label="Workspace">
      <div className="brand">
        <img src="/favicon.svg" width="22" height="22" alt="" /> Tandem
        <NoticeBell />
      </div>
      <button type="button" className="jump" onClick={openPalette}>
        <IconSearch size={15} aria-hidden /> Search or jump to <kbd>Ctrl K</kbd>
      </button>
      <nav className="nav" aria-label="Main">
        {GROUPS.map((group) => (
          <div key={group}>
            <h2>{group}</h2>
            {PAGES.filter((p) => p.group === group).map((page) => (
              <Link key={page.to} to={page.to}>
                <page.icon size={17} stroke={1.7} aria-hidden /> {page.label}
                {page.to === '/next' && <DueCount className="n due-n" />}
                {page.to === '/integrations' && <Alert n={session.attention.length} />}
                {page.to === '/sync-logs' && failing > 0 && (
                  <span className="n" title={needWords(failing)}>
                    {count(failing)}
                    <VisuallyHidden> {needWords(failing)}</VisuallyHidden>
                  </span>
                )}
              </Link>
            ))}
          </div>
        ))}
      </nav>
      <PlanMeter />
      <AccountMenu />
    </aside>
  );
}

function PlanMeter() {
  const { company, limits } = useSession();
  const used = limits.contacts ? Math.min(100, (limits.contacts_used / limits.contacts) * 100) : null;
  return (
    <div className="plan">
      <span>
        <b>{humanize(company.plan)}</b>
        <br />
        {limits.contacts
          ? `${count(limits.contacts_used)} of ${count(limits.contacts)} contacts`
          : counted(limits.contacts_used, 'contact', 'contacts')}
      </span>
      {used !== null && (
        <div className="meter" aria-hidden>
          <i style={{ width: `${used}%` }} />
        </div>
      )}
      <Link to="/billing" className="strong">
        Compare plans
      </Link>
    </div>
  );
}

/** Navigation at the thumb on phones. */
export function Tabs() {
  const session = useSession();
  return (
    <nav className="tabs" aria-label="Main">
      {TABS.map((page) => (
        <Link key={page.to} to={page.to}>
          <page.icon size={22} stroke={1.7} aria-hidden />
          {page.short}
          {page.to === '/next' && <DueCount className="due-n" />}
          {page.to === '/integrations' && <Alert n={session.attention.length} />}
        </Link>
      ))}
    </nav>
  );
}

import { Link } from '@tanstack/react-router';
import { may, useSession } from '../api/session';

export function SettingsTabs() {
  const session = useSession();
  return (
    <nav className="subtabs" aria-label="Settings">
      <Link to="/settings" activeOptions={{ exact: true }}>
        General
      </Link>
      <Link to="/settings/security">Security</Link>
      {may(session, 'read_audit') && <Link to="/settings/audit">Audit log</Link>}
    </nav>
  );
}

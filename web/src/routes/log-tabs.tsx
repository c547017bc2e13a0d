import { Link } from '@tanstack/react-router';

/** Both directions of the sync log. */
export const LogTabs = () => (
  <nav className="subtabs" aria-label="Sync log">
    <Link to="/sync-logs" activeOptions={{ exact: true }}>
      Imports
    </Link>
    <Link to="/sync-logs/deliveries">Deliveries</Link>
  </nav>
);

import '../styles/security.css';
import { ApiKeys } from '../features/security/api-keys';
import { SessionList } from '../features/security/session-list';
import { TwoStep } from '../features/security/two-step';
import { PageHead } from '../ui/page-head';
import { SettingsTabs } from './settings-tabs';

export function SecurityRoute() {
  return (
    <>
      <PageHead title="Security" />
      <SettingsTabs />
      <div className="body">
        <div className="settings">
          <TwoStep />
          <SessionList />
          <ApiKeys />
        </div>
      </div>
    </>
  );
}

import '../styles/report.css';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { may, useSession } from '../api/session';
import { MeetingsChart, MethodsChart, TeamChart } from '../features/reports/activity-charts';
import { CampaignsChart } from '../features/reports/campaigns-chart';
import { type ReportsSearch, reportFilter } from '../features/reports/period';
import { ReportFilters } from '../features/reports/report-filters';
import { SyncCharts } from '../features/reports/sync-charts';
import { WarmnessChart } from '../features/reports/warmness-chart';
import { daysWords } from '../features/reports/words';
import { PageHead } from '../ui/page-head';

export function ReportsRoute() {
  const session = useSession();
  const search = useSearch({ from: '/workspace/reports' });
  const navigate = useNavigate({ from: '/reports' });
  const filter = reportFilter(search);
  const change = (part: ReportsSearch) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  return (
    <>
      <PageHead title="Reports" sub={`${daysWords(filter.from, filter.to)} (UTC)`} />
      <ReportFilters search={search} onChange={change} />
      <div className="body">
        {!may(session, 'see_all_contacts') && (
          <p className="hint own-only">Your own contacts and what was done with them are counted here.</p>
        )}
        <div className="reports">
          <MeetingsChart filter={filter} />
          <MethodsChart filter={filter} />
          <CampaignsChart filter={filter} />
          <WarmnessChart filter={filter} />
          <TeamChart filter={filter} />
          <SyncCharts filter={filter} />
        </div>
      </div>
    </>
  );
}

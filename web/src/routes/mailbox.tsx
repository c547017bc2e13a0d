import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { mailboxQuery } from '../api/session';
import { EmptyState } from '../ui/empty-state';
import { Moment } from '../ui/moment';
import { PageHead } from '../ui/page-head';
import { SkeletonRows } from '../ui/skeleton-rows';
import { NotFound } from './not-found';

/** Where mail lands in development, instead of leaving the machine. */
export function MailboxRoute() {
  const { data, isPending } = useQuery(mailboxQuery);
  if (!isPending && !data) return <NotFound />;
  return (
    <div className="door">
      <header className="brand">
        <img src="/favicon.svg" width="24" height="24" alt="" /> Tandem <small>development</small>
      </header>
      <main className="sheet wide" id="main">
        <PageHead title="Mailbox">
          <Link to="/contacts">Back to Tandem</Link>
        </PageHead>
        <p className="lead">Mail of this development server. Nothing leaves the machine.</p>
        {isPending && <SkeletonRows rows={4} height={72} />}
        {data?.items.length === 0 && (
          <EmptyState kind="first" title="No mail yet">
            Sign up or ask for a new password, and the mail appears here.
          </EmptyState>
        )}
        {data?.items.map((mail) => (
          <article key={mail.id} className="mail">
            <h2>{mail.subject}</h2>
            <span className="dim">
              To {mail.to}, <Moment at={mail.at} />
            </span>
            <pre>{mail.text}</pre>
            {mail.links.map((url) => (
              <a key={url} href={url} className="break">
                Open {new URL(url, window.location.href).pathname}
              </a>
            ))}
          </article>
        ))}
      </main>
    </div>
  );
}

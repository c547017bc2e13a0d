import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { mailboxQuery } from '../../api/session';

/** In development no mail leaves the machine; elsewhere there is no mailbox and this says nothing. */
export function LookInMailbox() {
  const { data } = useQuery({ ...mailboxQuery, refetchInterval: false });
  if (!data) return null;
  return (
    <p className="alt">
      This is a development server: <Link to="/dev/mailbox">open the mailbox page</Link>.
    </p>
  );
}

import { Button } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { asProblem } from '../api/problem';
import { Door } from '../ui/door';

/** A page that could not be drawn at all. Failures inside a page stay inside it. */
export function Failed({ error }: { error: unknown }) {
  const router = useRouter();
  const problem = asProblem(error);
  return (
    <Door
      title={problem.status === 0 ? problem.title : 'This page could not be loaded'}
      lead={problem.message}
    >
      <div className="row-acts">
        <Button onClick={() => void router.invalidate()}>Try again</Button>
        <Button variant="default" component="a" href="/contacts">
          Go to your contacts
        </Button>
      </div>
      {problem.requestId && <p className="ref">Reference {problem.requestId}</p>}
    </Door>
  );
}

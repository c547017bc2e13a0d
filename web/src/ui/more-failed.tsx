import { Button } from '@mantine/core';

/** At the end of a list whose next part did not come: the rest stays, and somebody decides. */
export function MoreFailed({ error, onRetry }: { error: Error | null; onRetry: () => void }) {
  return (
    <div className="more" role="alert">
      <p className="hint">More could not be loaded. {error?.message}</p>
      <Button variant="default" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}

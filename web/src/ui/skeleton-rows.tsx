import { useEffect, useState } from 'react';

/** Rows of the true height; after 150 ms, so that fast answers do not flicker. */
export function SkeletonRows({ rows = 8, height = 44 }: { rows?: number; height?: number }) {
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="skeletons" role="status" aria-label="Loading" data-shown={shown || undefined}>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <div key={i} style={{ height }}>
          <i style={{ width: 26, borderRadius: 26 }} />
          <i style={{ width: `${22 + ((i * 7) % 12)}%` }} />
          <i style={{ width: `${14 + ((i * 5) % 10)}%` }} />
          <i style={{ width: `${8 + ((i * 3) % 8)}%` }} />
        </div>
      ))}
    </div>
  );
}

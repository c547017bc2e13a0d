import { humanize } from '../../ui/figures';

const words = (value: unknown): string => {
  if (value === null || value === undefined || value === '') return '';
  if (Array.isArray(value)) return value.map(words).filter(Boolean).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

export function CustomFields({ fields }: { fields: Record<string, unknown> | null | undefined }) {
  const known = Object.entries(fields ?? {})
    .map(([name, value]) => [name, words(value)] as const)
    .filter(([, value]) => value !== '');
  if (known.length === 0) return null;
  return (
    <section className="stackv" aria-label="Custom fields">
      <h2>Custom fields</h2>
      <dl className="facts">
        {known.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{humanize(name)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

import { initials } from './figures';

export const Avatar = ({ name }: { name: string }) => (
  <span className="av" aria-hidden>
    {initials(name)}
  </span>
);

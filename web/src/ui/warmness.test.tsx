import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { Warmness } from './warmness';
import { heatWord } from './warmth';

const Harness = ({ from }: { from: number }) => {
  const [value, set] = useState(from);
  return <Warmness value={value} name="Ada" onChange={set} always />;
};

test('the stepper raises and lowers, and says number and word', async () => {
  render(<Harness from={3} />);
  await userEvent.click(screen.getByRole('button', { name: 'Raise warmness of Ada' }));
  expect(screen.getByRole('img', { name: 'Warmness 4 of 10, Warm' })).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Lower warmness of Ada' }));
  expect(screen.getByRole('img', { name: 'Warmness 3 of 10, Mild' })).toBeInTheDocument();
});

test('it stops at both ends', () => {
  const { unmount } = render(<Harness from={0} />);
  expect(screen.getByRole('button', { name: 'Lower warmness of Ada' })).toBeDisabled();
  unmount();
  render(<Harness from={10} />);
  expect(screen.getByRole('button', { name: 'Raise warmness of Ada' })).toBeDisabled();
});

test('warm starts where a warm lead does', () => {
  expect([0, 1, 2, 3, 4, 6, 7, 10].map(heatWord)).toEqual([
    'Cold',
    'Cold',
    'Cool',
    'Mild',
    'Warm',
    'Warm',
    'Hot',
    'Hot',
  ]);
});

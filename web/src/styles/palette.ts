import type { MantineColorsTuple } from '@mantine/core';

/** Petrol: actions, selection, focus. Deliberately none of the CRM brand hues. */
const petrol: MantineColorsTuple = [
  '#eef6f5',
  '#d8e9e7',
  '#b0d3cf',
  '#83bab4',
  '#5aa19a',
  '#398983',
  '#1f726d',
  '#135b57',
  '#124a47',
  '#0d3735',
];
/** Paper: the warm neutral. */
const paper: MantineColorsTuple = [
  '#fbfaf7',
  '#f5f3ee',
  '#ebe8e1',
  '#dbd7ce',
  '#bdb8ad',
  '#918c82',
  '#6b675f',
  '#4d4a44',
  '#32302c',
  '#1d1c1a',
];
const dark: MantineColorsTuple = [
  '#ece9e3',
  '#cfcbc3',
  '#a6a29a',
  '#7a776f',
  '#4c4a46',
  '#383633',
  '#2a2927',
  '#1f1e1d',
  '#191817',
  '#131211',
];
const ember: MantineColorsTuple = [
  '#fff1ec',
  '#fcdfd5',
  '#f6bda9',
  '#f09879',
  '#e97a53',
  '#dd5f33',
  '#c24a22',
  '#9e3a19',
  '#7c2e15',
  '#5b2210',
];
const moss: MantineColorsTuple = [
  '#eff7ee',
  '#dcecd9',
  '#b8d9b3',
  '#90c48a',
  '#6dae66',
  '#4f9549',
  '#387a34',
  '#2c6129',
  '#244e22',
  '#183617',
];
const amber: MantineColorsTuple = [
  '#fff7e6',
  '#fdebc6',
  '#fad88f',
  '#f5c153',
  '#eeaa27',
  '#d48f0e',
  '#a96f05',
  '#835505',
  '#664205',
  '#4a3003',
];

export const palette = { petrol, paper, dark, ember, moss, amber, gray: paper };

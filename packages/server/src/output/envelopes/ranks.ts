import { DIGITS, type Envelope } from './envelope.js'

/** Several processes of one program: srun, mpirun, torchrun. */
export const ranks: readonly Envelope[] = [
  {
    name: 'srun -l',
    first: ` ${DIGITS}`,
    when: /^ {0,2}(?<rank>\d{1,5}):(?: |$)/,
    said: ({ rank }) => ({ rank }),
    example: ['1: Loading', 'Loading'],
  },
  {
    name: 'mpirun --tag-output',
    first: '[',
    when: /^\[\d{1,6},(?<rank>\d{1,6})\]<(?:stdout|stderr)>: ?/,
    said: ({ rank }) => ({ rank }),
    example: ['[1,0]<stdout>:Loading', 'Loading'],
  },
  {
    name: 'torchrun',
    first: '[',
    when: /^\[(?:rank|default)(?<rank>\d{1,6})\]: ?/,
    said: ({ rank }) => ({ rank }),
    example: ['[rank0]:Loading', 'Loading'],
  },
]

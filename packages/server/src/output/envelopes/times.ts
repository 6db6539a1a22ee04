import { CAPITALS, DIGITS, type Envelope, LETTERS, TIME } from './envelope.js'

/** The journal and syslog, and times that are nothing but times. */
export const times: readonly Envelope[] = [
  {
    name: 'syslog and the journal',
    first: `${CAPITALS}<`,
    when: /^(?:<\d{1,3}>)?(?<at>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) (?<node>[\w.-]{1,253}) [\w./@-]{1,64}(?:\[(?<pid>\d{1,10})\])?:(?: |$)/,
    said: ({ at, node, pid }) => ({ at, node, pid }),
    example: ['Jan 02 03:04:05 gpu-host vllm[7]: Loading', 'Loading'],
  },
  {
    name: 'the journal with full times',
    first: DIGITS,
    when: new RegExp(
      `^(?<at>${TIME}) (?<node>[\\w.-]{1,253}) [\\w./@-]{1,64}\\[(?<pid>\\d{1,10})\\]:(?: |$)`,
    ),
    said: ({ at, node, pid }) => ({ at, node, pid }),
    example: ['2026-01-02T03:04:05+00:00 gpu-host vllm[7]: Loading', 'Loading'],
  },
  {
    name: 'GitHub Actions (`gh run view --log`)',
    first: LETTERS + CAPITALS + DIGITS,
    holds: '\t',
    when: new RegExp(`^[^\\t]{1,200}\\t[^\\t]{1,200}\\t(?<at>${TIME})(?: |$)`),
    said: ({ at }) => ({ at }),
    example: ['serve\tRun it\t2026-01-02T03:04:05.1234567Z Loading', 'Loading'],
  },
  {
    name: 'a time',
    first: DIGITS,
    when: new RegExp(`^(?<at>${TIME})(?: \\| | {1,2}|: |$)`),
    said: ({ at }) => ({ at }),
    example: ['2026-01-02T03:04:05Z Loading', 'Loading'],
  },
  {
    name: "a time of Go's",
    first: DIGITS,
    when: /^(?<at>\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?)(?: |$)/,
    said: ({ at }) => ({ at }),
    example: ['2026/01/02 03:04:05 Loading', 'Loading'],
  },
  {
    name: 'a time in brackets',
    first: '[',
    when: new RegExp(`^\\[(?<at>${TIME}|\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?)\\](?: |$)`),
    said: ({ at }) => ({ at }),
    example: ['[2026-01-02 03:04:05] Loading', 'Loading'],
  },
  {
    name: 'the kernel',
    first: '[',
    when: /^\[ {0,8}\d{1,8}\.\d{6}\](?: |$)/,
    said: () => ({}),
    example: ['[ 1234.567890] Out of memory', 'Out of memory'],
  },
  {
    name: 'a viewer that draws a line beside the text',
    first: ' ',
    when: /^ {1,8}\|(?: |$)/,
    said: () => ({}),
    example: ['  | Loading', 'Loading'],
  },
]

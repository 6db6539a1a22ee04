import { type Rule, towards } from './rule.js'

/** Without a terminal pip shows no progress within a file, so its lines are counted. */
export const pip: readonly Rule[] = [
  {
    when: /^Collecting [A-Za-z0-9][\w.-]{0,100}(?:\[|[<>=!~;@(]| [<>=!~;@(]|$)/,
    phase: 'installing',
    progress: towards(63, 69),
  },
  {
    when: /^Downloading \S{1,400} \([\d.]{1,10} ?[kKMGT]?i?B\)/,
    phase: 'installing',
    progress: towards(63, 69),
  },
  {
    when: /^Using cached \S{1,400}\.(?:whl|tar|zip)/,
    phase: 'installing',
    progress: towards(63, 69),
  },
  {
    when: /^(?:Building wheels? for|Created wheel for) /,
    phase: 'installing',
    progress: towards(63, 69),
  },
  { when: /^Requirement already satisfied: /, phase: 'installing' },
  { when: /^Installing collected packages: /, phase: 'installing', progress: 69 },
  { when: /^Successfully installed \S/, phase: 'installing', progress: 70 },
]

import { type Rule, towards } from './rule.js'

export const uv: readonly Rule[] = [
  { when: /^Using C?Py(?:thon|Py) \d\S{0,20} /, phase: 'installing', progress: 62 },
  { when: /^Creating virtual environment /, phase: 'installing', progress: 62 },
  { when: /^Resolved \d{1,6} packages? in /, phase: 'installing', progress: towards(63, 69) },
  { when: /^Downloaded [a-z0-9][\w.-]{0,100}$/, phase: 'installing', progress: towards(63, 69) },
  { when: /^(?:Building|Built) \S{1,200}(?: @ \S{1,400}|==\S{1,60})$/, phase: 'installing' },
  { when: /^Prepared \d{1,6} packages? in /, phase: 'installing', progress: towards(64, 69) },
  // A setup may call uv for each package, so this is not the end.
  { when: /^Installed \d{1,6} packages? in /, phase: 'installing', progress: towards(65, 70) },
]

import type { Rule } from './rule.js'

/** Servers of any kind that say they listen. It is asked over HTTP whether they answer. */
export const server: readonly Rule[] = [
  { when: /^Started server process \[\d/, phase: 'health_check', progress: 87 },
  { when: /^Waiting for application startup\./, phase: 'health_check', progress: 88 },
  { when: /^Application startup complete\./, phase: 'health_check', progress: 90 },
  { when: /^Uvicorn running on https?:/, phase: 'health_check', progress: 90 },
  { when: /^(?:\* )?Running on https?:\/\//, phase: 'health_check', progress: 90 },
  { when: /^Serving HTTP on \S/, phase: 'health_check', progress: 90 },
  {
    when: /^(?:\S{1,40} ){0,4}?(?:[Ll]istening (?:on|at):? {1,2}https?:\/\/|[Ss]erver (?:is )?(?:listening|running) (?:on|at)\b)/,
    phase: 'health_check',
    progress: 90,
  },
  { when: /^The server is fired up and ready to roll/, phase: 'health_check', progress: 90 },
]

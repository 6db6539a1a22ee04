import { type Rule, towards } from './rule.js'

/** Pulling an image is a part of the installation; a composition that comes up is the server. */
export const docker: readonly Rule[] = [
  { when: /^Unable to find image '/, phase: 'installing', progress: 62, level: 'info' },
  { when: /^\S{1,100}: Pulling from \S/, phase: 'installing', progress: towards(63, 69) },
  {
    when: /^[0-9a-f]{12}: (?:Download complete|Pull complete|Already exists)$/,
    phase: 'installing',
    progress: towards(63, 69),
  },
  {
    when: /^Status: (?:Downloaded newer image|Image is up to date) for /,
    phase: 'installing',
    progress: 69,
  },
]

/** Only of what a task runs: in a setup it is a preparation. */
export const compose: readonly Rule[] = [
  {
    when: /^(?:\S{0,200}\/)?docker[- ]compose(?:\.\S{1,100}\.ya?ml)?(?: -f \S{1,300})? up\b/,
    phase: 'model_loading',
    progress: 70,
  },
  { when: /^Attaching to [a-z0-9]/, phase: 'model_loading', progress: 70 },
]

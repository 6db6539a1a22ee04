import type { Group } from '@launchtail/client'

/** `3 of 4` */
export function activeOf({ active, replicas }: Group): string {
  return `${active} of ${replicas}`
}

/** How far the replacement of a group's nodes is. */
export function updateOf({ state, replaced, wanted }: NonNullable<Group['update']>): string {
  const words = { running: 'replacing', done: 'replaced', stopped: 'stopped after' }
  return `${words[state]} ${replaced} of ${wanted}`
}

import type { Group } from '@launchtail/client'

/** `3 of 4` */
export function activeOf({ active, replicas }: Group): string {
  return `${active} of ${replicas}`
}

/** How far the replacement of a group's nodes is. */
export function serviceOf({ status, endpoint }: NonNullable<Group['service']>): string {
  return ['service', status, endpoint].filter(Boolean).join(' ')
}

export function updateOf(update: NonNullable<Group['update']>): string {
  const { state, replaced, wanted, to_add: toAdd, added, removed } = update
  if (toAdd || removed) {
    const parts = [
      wanted > 0 && `${replaced} of ${wanted} replaced`,
      toAdd && `${added} of ${toAdd} added`,
      removed && `${removed} removed`,
    ]
    return [state === 'stopped' && 'stopped', ...parts].filter(Boolean).join(', ')
  }
  const words = { running: 'replacing', done: 'replaced', stopped: 'stopped after' }
  return `${words[state]} ${replaced} of ${wanted}`
}

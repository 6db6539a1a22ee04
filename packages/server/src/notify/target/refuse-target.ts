import { setTimeout as sleep } from 'node:timers/promises'
import { HttpError } from '../../errors.js'
import type { AddressRules } from './address-rules.js'
import { ForbiddenTarget, readTarget } from './read-target.js'
import { type Lookup, resolveTarget } from './resolve-target.js'

/** How long a request waits for the name to resolve, in milliseconds. */
const LONGEST = 2000

/**
 * Refuses a forbidden address when a webhook is created or changed, so that its owner learns of it at once.
 * The check that protects us is the one at each attempt: a name may resolve to something else later.
 */
export function createTargetRefusal(rules: AddressRules, lookup: Lookup) {
  return async (url: string): Promise<void> => {
    try {
      const target = readTarget(url, rules)
      // A name that does not resolve now may do so by the time there is something to send.
      const resolved = resolveTarget(target, rules, lookup).catch(onlyForbidden)
      await Promise.race([resolved, sleep(LONGEST, undefined, { ref: false })])
    } catch (error) {
      if (error instanceof ForbiddenTarget) throw new HttpError(400, `'url' ${error.message}`)
      throw error
    }
  }
}

function onlyForbidden(error: unknown): void {
  if (error instanceof ForbiddenTarget) throw error
}

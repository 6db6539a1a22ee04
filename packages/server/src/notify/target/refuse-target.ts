import { HttpError } from '../../errors.js'
import type { AddressRules } from './address-rules.js'
import { ForbiddenTarget, readTarget } from './read-target.js'
import { type Lookup, resolveTarget } from './resolve-target.js'

/** How long an answer waits for a name to be resolved, in milliseconds. */
const LONGEST = 2000

/**
 * Refuses an address to which no message may go, when it is given: whoever gives it is told at once. What
 * counts is the check of each attempt, because a name may lead elsewhere later.
 */
export function createTargetRefusal(rules: AddressRules, lookup: Lookup) {
  return async (url: string): Promise<void> => {
    try {
      const target = readTarget(url, rules)
      // A name that cannot be resolved now may be by the time there is something to send.
      const resolved = resolveTarget(target, rules, lookup).catch(onlyForbidden)
      await Promise.race([resolved, pause(LONGEST)])
    } catch (error) {
      if (error instanceof ForbiddenTarget) throw new HttpError(400, `'url' ${error.message}`)
      throw error
    }
  }
}

function onlyForbidden(error: unknown): void {
  if (error instanceof ForbiddenTarget) throw error
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

import type { Infra } from '@launchtail/client/protocol'
import { withoutControls } from '../../../output/clean.js'

/** Where the list of what is enabled begins: it says all of it once more. */
const SUMMARY = /^(?:🎉 )?Enabled (?:infra|clouds)\b/u
const INFRA = /^ {2}(\w[\w .()/-]{0,60}): (enabled|disabled)(?: \[[^\]]*\])?\s*$/
const REMARK = /^ {4,}(?:(?:Hint|Reason) \[[^\]]{0,60}\]: )?(\S.*)$/
/** Lines that only say who is logged in, or name a list. */
const PLAIN = /^(?:Activated account: |Allowed (?:clusters|contexts):|SSH Node Pools:)/
/** A place that can be used, without a remark. */
const FINE = /^[├└]── \S+: enabled\.\s*$/
const MOST_WARNINGS = 10
const LONGEST = 500

/** Reads what `sky check` prints: what is enabled, and the remarks on each. */
export function infraIn(text: string): Infra[] {
  const found: { name: string; enabled: boolean; warnings: string[] }[] = []
  for (const raw of text.split('\n')) {
    const line = withoutControls(raw)
    if (SUMMARY.test(line)) break
    const [, name, state] = INFRA.exec(line) ?? []
    if (name !== undefined) {
      found.push({ name, enabled: state === 'enabled', warnings: [] })
      continue
    }
    const remark = REMARK.exec(line)?.[1]
    const { warnings } = found.at(-1) ?? {}
    if (!warnings || !remark || PLAIN.test(remark) || FINE.test(remark)) continue
    if (warnings.length < MOST_WARNINGS) warnings.push(remark.slice(0, LONGEST))
  }
  return found
}

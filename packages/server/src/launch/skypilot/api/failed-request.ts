import type { Outcome } from '../../launcher.js'
import type { LastLines } from '../../supervised/last-lines.js'
import type { SkyResult } from './requests.js'

/** How many further lines of an error's message are kept. */
const MORE = 20
const LONGEST_MESSAGE = 4000

/** How a launch has failed whose request has. */
export function failedRequest(
  { type, message }: SkyResult & { status: 'FAILED' },
  last: LastLines,
): Outcome {
  const [first = '', ...more] = message.split('\n').filter((line) => line.trim() !== '')
  const said = first.trim() || last.newest() || 'the launch request failed'
  return last.outcome(said.slice(0, LONGEST_MESSAGE), [type, ...more.slice(0, MORE)])
}

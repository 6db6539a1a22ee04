import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { PROGRAM } from '../../../server/test/support/processes.js'
import type { Driver, TestEvent } from './behaviours.js'

/** `launchtail logs -f -o json`, a process for each run. */
export function commandDriver(): Driver {
  return {
    name: 'the command line',
    asksForNode: true,
    isSlow: true,
    tells: (outcome) => `left with ${codeOf(outcome)}`,
    async run(url, nodeId, token, { tail, timeout, lastEventId }) {
      const flags = ['-f', '--quiet', '-o', 'json', '--url', url]
      if (tail !== undefined) flags.push('--tail', String(tail))
      if (timeout !== undefined) flags.push('--timeout', `${timeout}ms`)
      if (lastEventId !== undefined) flags.push('--after', lastEventId)
      const command = spawn(process.execPath, [PROGRAM, 'logs', ...flags, nodeId], {
        env: { PATH: process.env.PATH, LAUNCHTAIL_ADMIN_TOKEN: token },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const [output, complaint, [code]] = await Promise.all([
        text(command.stdout),
        text(command.stderr),
        once(command, 'close'),
      ])
      const lines = output.split('\n').slice(0, -1)
      const events = lines.map((line): TestEvent => {
        const { event, data, id } = JSON.parse(line)
        return { event, data, id }
      })
      // One sentence, where there is something to say.
      if (!/^(launchtail: [^\n]+\n)?$/.test(complaint)) throw new Error(complaint)
      return { events, outcome: `left with ${code}` }
    },
  }
}

/** The exit codes that `launchtail --help` names. */
function codeOf(outcome: string): number {
  if (outcome === 'done' || outcome === 'nothing more') return 0
  if (outcome === 'timed out') return 3
  if (outcome === 'refused 404') return 4
  return outcome === 'refused 401' || outcome === 'refused 403' ? 5 : 1
}

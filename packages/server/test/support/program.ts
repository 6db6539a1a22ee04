import { fork } from 'node:child_process'
import { once } from 'node:events'

/** The options of Node that run a program from the sources, and the client it imports too. */
export const FROM_SOURCES = ['--conditions=launchtail-source', '--import', 'tsx']

/** Runs `tell-protocol` with these arguments of Node, and returns what it tells. */
export async function protocolOf(args: readonly string[]): Promise<string> {
  const child = fork(args.at(-1) as string, { execArgv: args.slice(0, -1) })
  const [answer] = await once(child, 'message')
  return answer as string
}

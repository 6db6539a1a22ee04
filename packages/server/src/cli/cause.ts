import { ApiError, type Client, type Failure, type NodeRecord } from '@launchtail/client'
import { Command, Option } from 'commander'
import { CODES } from '../output/causes/codes.js'
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError, EXIT } from './exit.js'
import { countFlag } from './flags.js'
import { furtherEvidence } from './format/failure.js'
import { formatterFor } from './format/formatter.js'
import { oneLine } from './format/text.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'

interface CauseFlags extends ServerFlags {
  line?: number
  code?: string
  undo?: boolean
  json?: boolean
}

/** `launchtail cause`: why a launch failed, as it was read or as a person says. */
export function causeCommand(): Command {
  return withServer(new Command('cause'))
    .description('Show why a launch failed, or name the line that was the cause.')
    .argument('<node>', NODE_ARGUMENT)
    .addOption(
      countFlag(
        '--line <number>',
        'name this line as the cause; lines count from 1, as on the page and in "launchtail logs --numbers"',
      ),
    )
    .addOption(
      new Option(
        '--code <code>',
        'the cause that it is; without --line, of the line that is shown',
      ).choices([...Object.keys(CODES), 'unknown']),
    )
    .addOption(
      new Option('--undo', 'go back to the cause that the server read').conflicts(['line', 'code']),
    )
    .option('--json', 'print the failure as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail cause my-node                         the cause, its lines, and what to do
  $ launchtail logs my-node --tail all --numbers
  $ launchtail cause my-node --line 184              line 184 was the cause
  $ launchtail cause my-node --line 184 --code gpu_fault
  $ launchtail cause my-node --undo
`,
    )
    .action(async (name: string, flags: CauseFlags) => {
      if (flags.line === 0) throw new CliError('--line: lines count from 1')
      const client = await connect(flags)
      const { failure } = await changed(client, await resolveNode(client, name), flags)
      if (!failure) {
        throw new CliError('the newest launch of this node has not failed', EXIT.notFound)
      }
      const text = flags.json ? JSON.stringify(failure, null, 2) : inFull(failure)
      process.stdout.write(`${text}\n`)
    })
}

/** The node's record, after the change that the flags ask for. */
async function changed(
  client: Client,
  id: string,
  { line, code, undo }: CauseFlags,
): Promise<NodeRecord> {
  if (undo) return client.takeBackCause(id)
  if (line !== undefined) {
    return client
      .nameCause(id, { index: line - 1, ...(code !== undefined && { code }) })
      .catch((error) => {
        throw counted(error, line)
      })
  }
  const node = await client.getNode(id)
  if (code === undefined || !node.failure) return node
  const [shown] = node.failure.evidence ?? []
  if (!shown) throw new CliError('no line of the log shows the cause; name one with --line')
  return client.nameCause(id, { index: shown.index, code })
}

/** The API counts entries from 0, and the user lines from 1. */
function counted(error: unknown, line: number): unknown {
  if (!(error instanceof ApiError) || error.status !== 404) return error
  const message = error.message.replace(/\bentry \d+/, `line ${line}`)
  return new CliError(message, EXIT.notFound, { cause: error })
}

function inFull(failure: Failure): string {
  const { dim, failure: headline } = formatterFor(process.stdout)
  const { code, details, advice } = failure
  const said = details === undefined ? [] : details.split('\n').map((text) => dim(oneLine(text)))
  return [headline(failure), ...furtherEvidence(failure), ...said, `${code}: ${advice}`].join('\n')
}

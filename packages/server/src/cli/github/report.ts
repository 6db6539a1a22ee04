import { appendFile } from 'node:fs/promises'
import type { Client, NodeRecord } from '@launchtail/client'
import { furtherEvidence } from '../format/failure.js'
import { oneLine } from '../format/text.js'
import { command } from './commands.js'
import { summaryOf } from './summary.js'

/** The files that the runner of GitHub Actions names to each step. */
interface RunnerFiles {
  GITHUB_STEP_SUMMARY?: string | undefined
  GITHUB_OUTPUT?: string | undefined
}

/**
 * Says how the launch ended: as an annotation with the cause, which it returns, in the step's summary with a
 * table of the phases, and in the step's outputs. Outside of a runner there is only the annotation.
 */
export async function report(
  client: Client,
  nodeId: string,
  { GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output }: RunnerFiles,
): Promise<string> {
  const node = await client.getNode(nodeId)
  if (summary) await appendFile(summary, summaryOf(node))
  if (output) await appendFile(output, outputsOf(node))
  return annotationOf(node)
}

function annotationOf(node: NodeRecord): string {
  const { status, failure, endpoint = '', stalled, message } = node
  if (failure) {
    const lines = [failure.message, failure.advice, ...furtherEvidence(failure)]
    return command('error', lines.map(oneLine).join('\n'), {
      title: `Launch failed in ${failure.phase}: ${failure.code}`,
    })
  }
  if (status === 'active')
    return command('notice', oneLine(endpoint) || 'active', { title: 'Node is active' })
  if (status === 'terminated') {
    return command('error', oneLine(message), { title: 'Launch was terminated' })
  }
  return command('warning', oneLine(message), {
    title: stalled ? 'Launch is silent for far longer than is usual' : 'Launch is not over',
  })
}

function outputsOf({ node_id, status, endpoint = '', failure }: NodeRecord): string {
  const values = { 'node-id': node_id, status, endpoint, cause: failure?.code ?? '' }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${oneLine(value)}\n`)
    .join('')
}

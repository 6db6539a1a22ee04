import { ApiError, type NodeLaunch } from '@launchtail/client'
import { client } from '../session.js'
import { type Draft, draftOf, inForm, LABELS } from './draft.js'

/** The form for a node that was launched before. */
export interface EarlierLaunch {
  readonly draft: Draft
  /** What was asked for, except for the secrets; undefined where that is not known. */
  readonly asked?: NodeLaunch
  /** Fields in which `***` stands for something secret, by the server's names. */
  readonly masked: readonly string[]
  /** What the reader should know or do, in sentences. */
  readonly hints: readonly string[]
}

/** The request a node was launched with; undefined where it is not known. */
export async function launchOf(nodeId: string): Promise<NodeLaunch | undefined> {
  try {
    return await client.peek().getNodeLaunch(nodeId)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

/** True if a launch can be repeated as it stands, because nothing of it is kept from the page. */
export function isComplete({ secrets, masked }: NodeLaunch): boolean {
  return secrets.length === 0 && masked.length === 0
}

/** The form filled in with what is known of a node's launch. */
export async function earlierLaunch(nodeId: string): Promise<EarlierLaunch> {
  const launch = await launchOf(nodeId)
  if (!launch) return fromRecord(nodeId)
  const { request, secrets, masked } = launch
  return { draft: draftOf(request, secrets), asked: launch, masked, hints: hintsOf(launch) }
}

async function fromRecord(nodeId: string): Promise<EarlierLaunch> {
  const node = await client.peek().getNode(nodeId)
  const { node_id, provider, region, gpu, gpu_count, model, use_spot } = node
  const request = {
    node_id,
    provider,
    region: region || 'local',
    gpu: gpu || 'cpu',
    ...(gpu_count > 0 && { gpu_count }),
    ...(model && { model }),
    use_spot,
  }
  const isTask = !model || provider === 'local'
  return {
    draft: draftOf({ ...request, ...(isTask && { task: '' }) }),
    masked: [],
    hints: ['The launch request is not known here. The form shows what the node’s record has.'],
  }
}

function hintsOf({ secrets, masked }: NodeLaunch): string[] {
  const hints = ['The form shows the previous launch.']
  if (secrets.length > 0) {
    hints.push(`Secrets are not kept: type the values of ${secrets.join(', ')} again.`)
  }
  if (masked.length > 0) {
    hints.push(`*** stands for something secret in: ${masked.map(nameOfField).join(', ')}.`)
  }
  return hints
}

function nameOfField(field: string): string {
  const [name, variable] = field.split('.')
  return (name === 'envs' && variable) || LABELS[inForm(field)] || field
}
